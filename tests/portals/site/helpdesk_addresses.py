"""Where the help desk is on its site: everywhere."""

from importlib import import_module

# Django is in the application's environment, not in ours.
urls = import_module("django.urls")

urlpatterns = [urls.path("", urls.include("helpdesk.urls", namespace="helpdesk"))]
