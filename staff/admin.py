"""What the desk does not show: Django's groups say nothing here, roles do (staff.roles)."""

from django.contrib import admin
from django.contrib.auth.models import Group

admin.site.unregister(Group)
