"""The servers, virtual environment and processes of one checkout, as `./dev` and `manage.py` use them.

Standard library only: `./dev` imports this before anything is installed. Nothing of Django is read here.
"""
