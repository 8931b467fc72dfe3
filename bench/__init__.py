"""The product measured against its budgets, with each limit measured in the same run. Stands on the roof."""
