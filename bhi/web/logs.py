def configure(config):
    pass
