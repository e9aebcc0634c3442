"""What can be measured of a picture without knowing what it shows; the hints rest on these figures."""

from PIL import Image, ImageStat

LOOKED_AT = 320  # pixels of the small copy's long side


def measured(picture: Image.Image) -> dict[str, float]:
    """Figures by name: see `enrollment.images.MEASURES`."""
    grey = picture.convert("L")
    grey.thumbnail((LOOKED_AT, LOOKED_AT), Image.Resampling.BILINEAR)
    return {"brightness": round(ImageStat.Stat(grey).mean[0], 1)}
