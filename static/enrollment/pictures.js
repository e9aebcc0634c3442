// What a browser can tell about a file before it is sent, and the smaller picture it can draw of it.

const SIDE = 320; // of the thumbnail
const LARGEST_SIDE = 4000; // of a picture that is made smaller
const QUALITIES = [0.92, 0.85, 0.75, 0.6];
const HEIC = ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"];

// By its first bytes, never by its name (PH-15): jpeg, png, bmp, pdf, heic or "".
export async function kindOf(file) {
  const bytes = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...bytes);
  if (text.startsWith("\xff\xd8\xff")) return "jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (text.startsWith("BM")) return "bmp";
  if (text.startsWith("%PDF-")) return "pdf";
  return text.slice(4, 8) === "ftyp" && HEIC.includes(text.slice(8, 12)) ? "heic" : "";
}

async function bitmap(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null; // not a picture that this browser can draw
  }
}

function canvas(picture, side) {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const made = document.createElement("canvas");
  made.width = Math.round(picture.width * scale);
  made.height = Math.round(picture.height * scale);
  const context = made.getContext("2d");
  context.fillStyle = "white"; // under what is transparent: a JPEG has no such thing
  context.fillRect(0, 0, made.width, made.height);
  context.drawImage(picture, 0, 0, made.width, made.height);
  return made;
}

// {width, height} of the upright picture, or null.
export async function sidesOf(file) {
  const picture = await bitmap(file);
  const sides = picture && { width: picture.width, height: picture.height };
  picture?.close();
  return sides;
}

// A small canvas (a blob: address would need a looser Content-Security-Policy), or null.
export async function thumbnail(file) {
  const picture = await bitmap(file);
  if (!picture) return null;
  const made = canvas(picture, SIDE);
  picture.close();
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", file.name);
  return made;
}

// The same picture as a JPEG file of at most `most` bytes, or null where it cannot be drawn or made small enough.
export async function shrunk(file, most) {
  const picture = await bitmap(file);
  if (!picture) return null;
  const made = canvas(picture, LARGEST_SIDE);
  picture.close();
  for (const quality of QUALITIES) {
    const blob = await new Promise((done) => made.toBlob(done, "image/jpeg", quality));
    if (blob && blob.size <= most) return new File([blob], file.name.replace(/\.[^.]*$/, "") + ".jpg", { type: "image/jpeg" });
  }
  return null;
}
