from django.urls import path

from ledger import views

app_name = "ledger"
urlpatterns = [
    path("log/key.pem", views.key, name="key"),
    path("log/verify_proof.py", views.verifier, name="verifier"),
    path("log/<str:day>.json", views.root, name="root"),
]
