"""Writes pages and has them moderated: `python -m wagtail_seed PENDING,... CLOSED`."""

import sys
from importlib import import_module

import_module("django").setup()
models = import_module("wagtail.models")
user = import_module("django.contrib.auth").get_user_model()

pending, closed = sys.argv[1].split(","), sys.argv[2]
home = models.Page.objects.get(depth=2)
workflow = models.Workflow.objects.get()
writer = user.objects.create_user("writer", first_name="A", last_name="Writer")
for title in (*pending, closed):
    page = home.add_child(instance=models.Page(title=title, live=False, owner=writer))
    page.save_revision(user=writer)
    state = workflow.start(page, writer)
    if title == closed:
        state.current_task_state.reject(user=writer, comment="Not like this.")
