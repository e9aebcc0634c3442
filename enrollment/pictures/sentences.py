"""What people are told about a file: why it cannot be used, or what an officer may stumble over."""

from enrollment.problems import gettext_noop as _

# PH-26 and PH-40 to PH-47
MESSAGES = {
    "file_type": _(
        "このファイル形式は使用できません。JPEG(JPG)形式の画像を添付してください。（使用できる形式：%(kinds)s）"
    ),
    "file_type_medis": _("MEDISへの申請では、顔写真はJPEG(JPG)形式のみ使用できます。"),
    "file_size": _("ファイル容量が4MBを超えています。4MB以下にしてから添付してください。"),
    "photo_pixels": _(
        "画像サイズが不足しています。縦531×横413ピクセル以上の写真を添付してください"
        "(この写真は縦%(height)s×横%(width)s)。"
    ),
    "photo_blank": _("写真に何も写っていないようです。撮影し直してください。"),
    "file_broken": _(
        "ファイルを読み込めませんでした。壊れている可能性があります。撮影または保存し直してください。"
    ),
    "file_empty": _("ファイルが空です。"),
    "image_too_large": _(
        "画像が大きすぎます。縦横12,000ピクセル以下にしてください。"
        "（この画像は縦%(height)s×横%(width)s。全体で5,000万画素まで使用できます。）"
    ),
    "crop_outside": _(
        "切り抜きの枠が画像の外に出ています。枠を画像の中に合わせてください。（この画像は縦%(height)s×横%(width)s）"
    ),
    "crop_too_small": _(
        "切り抜いた部分は縦%(height)s×横%(width)sピクセルで、小さすぎます。縦531×横413ピクセル以上になるように"
        "枠を広げるか、もっと大きく撮影した写真を選んでください。"
    ),
    "pdf_locked": _("パスワードや制限が設定されたPDFは使用できません。"),
    "pdf_active": _(
        "動作や添付ファイルを含むPDFは使用できません。印刷またはスキャンし直したPDFを添付してください。"
    ),
    "pdf_pages": _("PDFは10ページ以内にしてください。（このPDFは%(pages)sページ）"),
    "pdf_page_size": _(
        "PDFのページの大きさが正しくありません。印刷またはスキャンし直したPDFを添付してください。"
    ),
    "decoder_unavailable": _("いま画像を確認できません。少し待ってから、もう一度添付してください。"),
}
HEIC = _(
    "iPhoneのHEIC形式は使用できません。「設定」→「カメラ」→「フォーマット」で「互換性優先」を選んで撮影し直すか、"
    "「写真」からブラウザで選び直してください（多くの場合、JPEGに変換されます）。"
)
HEIC_MEDIS = _(
    "MEDISへの申請では、顔写真はJPEG(JPG)形式のみ使用できます。iPhoneのHEIC形式は使用できません。「設定」→「カメラ」→"
    "「フォーマット」で「互換性優先」を選んで撮影し直すか、「写真」からブラウザで選び直してください（多くの場合、JPEGに変換されます）。"
)
PDF_MISSING = _(
    "このサイトではPDFを使用できません。JPEG(JPG)形式の画像を添付してください。（使用できる形式：%(kinds)s）"
)

# Hints that never refuse; each is shown to the applicant and to the officer.
WARNINGS = {
    "photo_ratio": _("縦45mm×横35mmの比率に切り抜いてください。"),
    "several_frames": _("複数の画像が含まれています。最初の1枚だけを使います。"),
    "photo_taken_long_ago": _("画像の記録では、撮影から6か月を過ぎています。"),
    "picture_dark": _("画像が暗いようです。明るい場所で撮影すると、審査が早く進みます。"),
    "picture_bright": _(
        "画像が明るすぎて、白く飛んでいるようです。光が直接当たらない場所で撮影してください。"
    ),
    "picture_blurred": _(
        "画像がぼやけているようです。ピントを合わせて、手ぶれしないように撮影してください。"
    ),
    "face_none": _(
        "写真の中に顔を見つけられませんでした。正面を向いて、顔全体が写っているかご確認ください。"
    ),
    "face_several": _("写真の中に複数の顔があるようです。ご本人だけが写った写真を使ってください。"),
    "head_small": _(
        "顔が小さく写っているようです。頭の上からあごまでが、写真の高さの7割から8割になるように切り抜いてください。"
    ),
    "head_large": _(
        "顔が大きく写りすぎているようです。頭の上に少し余白が入るように、離れて撮影するか、広めに切り抜いてください。"
    ),
}
