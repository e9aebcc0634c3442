"""The applicant's addresses (contract.md)."""

from django.urls import path

from enrollment.views import (
    account,
    by_phone,
    cards,
    crop,
    echoes,
    files,
    joining,
    lookups,
    new_name,
    public,
    session,
    status,
    steps,
    tasks,
)
from enrollment.views.card import jma as card_jma
from enrollment.views.card import refused as card_refused
from enrollment.views.card import start as card_start

urlpatterns = [
    path("", public.start, name="start"),
    path("card/", card_start.card_holders, name="card_holders"),
    path("card/refused/", card_refused.refused, name="card_refused"),
    path("card/jma/", card_jma.question, name="card_jma"),
    path("card/jma/numbers/", card_jma.numbers, name="card_jma_numbers"),
    path("card/jma/code/", card_jma.code, name="card_jma_code"),
    path("card/jma/undo/<str:token>/", card_jma.undo, name="card_jma_undo"),
    path("status/", status.status, name="status"),
    path("status/new-card/", joining.new_card, name="new_card"),
    path("status/name/", new_name.names, name="new_name"),
    path("status/name/card/", new_name.card, name="new_name_card"),
    path("status/name/sign/", new_name.sign, name="new_name_sign"),
    path("status/email/", account.address, name="account_address"),
    path("status/email/code/", account.code, name="account_code"),
    path("status/notices/<uuid:public_id>/", status.notice, name="notice"),
    path("status/<uuid:public_id>/withdraw/", status.withdraw, name="withdraw"),
    path("apply/", tasks.tasks, name="tasks"),
    path("apply/sign-in/", cards.sign_in, name="sign_in"),
    path("apply/sign-out/", cards.sign_out, name="sign_out"),
    path("apply/session/", session.session, name="session"),
    path("apply/unsent/", session.left_over, name="unsent"),
    path("apply/card/answer/", cards.answer, name="card_answer"),
    path("apply/qr/", by_phone.begin, name="qr_begin"),
    path("apply/qr/answer/", by_phone.answer, name="qr_answer"),
    path("apply/qr/read/<str:token>/", by_phone.read, name="qr_read"),
    path("apply/qr/<uuid:public_id>/", by_phone.wait, name="qr"),
    path("apply/qr/<uuid:public_id>/state/", by_phone.state, name="qr_state"),
    path("apply/romaji/", lookups.romaji, name="romaji"),
    path("apply/echo/<slug:kind>/", echoes.echo, name="echo"),
    path("apply/postal/", echoes.postal, name="postal"),
    path("apply/email-code/resend/", tasks.resend_code, name="resend_code"),
    path("apply/files/<uuid:public_id>/", files.picture, name="file"),
    path("apply/files/<uuid:public_id>/whole/", crop.whole, name="whole"),
    path("apply/files/<uuid:public_id>/crop/", crop.crop, name="crop"),
    path("apply/<slug:slug>/file/", files.give, name="give_file"),
    path("apply/<slug:slug>/", steps.step, name="step"),
]
