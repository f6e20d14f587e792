"""Where Wagtail is on its site: its administration alone."""

from importlib import import_module

# Django and Wagtail are in the application's environment, not in ours.
urls = import_module("django.urls")

urlpatterns = [
    urls.path("admin/", urls.include("wagtail.admin.urls")),
    urls.path("", urls.include("wagtail.urls")),
]
