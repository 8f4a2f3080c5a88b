"""Redmine 5 by its REST API, through python-redmine."""
