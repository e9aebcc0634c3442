"""Every address of the product (contract.md "Addresses"); each app keeps its own list."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
