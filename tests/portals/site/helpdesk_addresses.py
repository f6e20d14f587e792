"""Where the help desk is on its site: everywhere, beside Django's own administration."""

from importlib import import_module

# Django is in the application's environment, not in ours.
urls = import_module("django.urls")
admin = import_module("django.contrib.admin")

urlpatterns = [
    urls.path("admin/", admin.site.urls),
    urls.path("", urls.include("helpdesk.urls", namespace="helpdesk")),
]
