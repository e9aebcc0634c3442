from django.apps import AppConfig


class DeployConfig(AppConfig):
    name = "deploy"
    verbose_name = "運用"

    def ready(self) -> None:
        from deploy import checks  # noqa: F401  (registers the checks once the apps are there)
