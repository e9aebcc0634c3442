"""Celery's side: a message holds a job id and nothing else (decision 13)."""

from celery import shared_task

from outbox import jobs


# Acknowledged late and given back when the worker dies: what a killed worker held is rung again.
@shared_task(name="outbox.run_job", acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def run_job(job_id: int) -> None:
    jobs.run(job_id)


@shared_task(name="outbox.sweep", ignore_result=True)
def sweep() -> None:
    """By the clock, every few seconds: delayed jobs start by it, lost bells are repaired by it."""
    jobs.sweep()
