"""Images that are easily taken for copies of each other, made by code: posts, chats, forms and
pages of one layout; and what becomes of an image that is passed on."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

Make = Callable[[int, int], Image.Image]
"""A function of the number of a layout and the number of an image of it."""
Way = Callable[[Image.Image, random.Random], Image.Image]

_TEXT = """
the a of to and in that it is was for on with as his they at be this from have or by one had not
but what all were when we there can an your which their said if do will each about how up out them
then she many some so these would other into has more her two like him see time could no make than
first been its who now people my made over did down only way find use may water long little very
after words called just where most know minister photograph election evidence Thursday reporter
forest ambulance parliament seventeen 2024 4,512 @desk #breaking really
"""
_WORDS = _TEXT.split()


def post(layout: int, number: int) -> Image.Image:
    """A social media post: a bar, an avatar, a name, some text, two counts."""
    fixed, own = random.Random(f"post {layout}"), random.Random(f"post {layout}/{number}")
    width, height = fixed.choice([(1080, 1350), (1080, 1920), (1200, 675), (600, 400), (750, 1334)])
    is_dark = fixed.random() < 0.3
    ground, ink, grey = (
        ("#15202b", "white", "#8899a6") if is_dark else ("white", "black", "#536471")
    )
    size = max(12, round(width * fixed.uniform(0.02, 0.04)))
    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    bar = height // 14
    draw.rectangle(
        (0, 0, width, bar), fill=fixed.choice(["#1d9bf0", "#1877f2", "#f0f0f0", "black"])
    )
    draw.text((size, bar // 4), "Post", fill="#808080", font=_font(size))
    top, avatar = bar + size, 3 * size
    colour = (own.randrange(256), own.randrange(256), own.randrange(256))
    draw.ellipse((size, top, size + avatar, top + avatar), fill=colour)
    draw.text((2 * size + avatar, top), _text(own, 2), fill=ink, font=_font(size))
    _write(
        draw,
        (size, top + avatar + size),
        _text(own, own.randint(8, 36)),
        width - 2 * size,
        size,
        ink,
    )
    draw.line((size, height * 0.85, width - size, height * 0.85), fill=grey)
    counts = f"{own.randrange(9999)} reposts   {own.randrange(99999)} likes"
    draw.text((size, height * 0.85 + size), counts, fill=grey, font=_font(size))
    return image


def chat(layout: int, number: int) -> Image.Image:
    """A conversation in bubbles."""
    fixed, own = random.Random(f"chat {layout}"), random.Random(f"chat {layout}/{number}")
    width, height = fixed.choice([(1080, 1920), (750, 1334)])
    size = width // 28
    image = Image.new("RGB", (width, height), "#ece5dd")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, height // 12), fill="#075e54")
    draw.text((width // 5, height // 36), _text(own, 2), fill="white", font=_font(size))
    y = height // 10
    while y < height * 0.85:
        left, lines = own.choice([width // 4, width // 25]), own.randint(1, 4)
        box = (left, y, left + width * 0.7, y + (lines + 1) * size * 1.3)
        draw.rounded_rectangle(box, size, fill="#dcf8c6" if left > size * 5 else "white")
        _write(
            draw,
            (left + size, y + size // 2),
            _text(own, lines * 5),
            round(width * 0.6),
            size,
            "black",
        )
        y += round((lines + 2) * size * 1.3)
    return image


def form(layout: int, number: int) -> Image.Image:
    """A form: the labels are its layout's, the entries its own."""
    fixed, own = random.Random(f"form {layout}"), random.Random(f"form {layout}/{number}")
    width, height = fixed.choice([(1240, 1754), (827, 1169), (800, 1000)])
    size = max(12, round(width * fixed.uniform(0.014, 0.02)))
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.text((3 * size, 3 * size), _text(fixed, 4), fill="black", font=_font(2 * size))
    rows = fixed.randint(6, 16)
    for row in range(rows):
        y = 8 * size + row * (height - 12 * size) // rows
        draw.text((3 * size, y), _text(fixed, 2), fill="black", font=_font(size))
        draw.rectangle((width * 0.4, y - size // 2, width * 0.92, y + size * 1.6), outline="black")
        draw.text(
            (width * 0.41, y), _text(own, own.randint(1, 4)), fill="#0a0a5a", font=_font(size)
        )
    return image


def page(layout: int, number: int) -> Image.Image:
    """A page of text."""
    fixed, own = random.Random(f"page {layout}"), random.Random(f"page {layout}/{number}")
    width, height = fixed.choice([(1240, 1754), (827, 1169)])
    size = round(width * fixed.uniform(0.015, 0.022))
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    y = height // 12
    while y < height * 0.85:
        y = size + _write(
            draw,
            (width // 10, y),
            _text(own, own.randint(20, 80)),
            round(width * 0.8),
            size,
            "black",
        )
    return image


LAYOUTS: dict[str, Make] = {"post": post, "chat": chat, "form": form, "page": page}


def saved(image: Image.Image, form: str, quality: int) -> Image.Image:
    """``image`` after it was saved and read."""
    out = io.BytesIO()
    image.save(out, form, quality=quality)
    return Image.open(out).convert("RGB")


def scaled(image: Image.Image, factor: float) -> Image.Image:
    """``image`` at another size."""
    return image.resize((round(image.width * factor), round(image.height * factor)))


def cropped(image: Image.Image, rng: random.Random, most: float) -> Image.Image:
    """``image`` less at most ``most`` of each side."""
    width, height = image.size
    left, top, right, bottom = (rng.uniform(0, most) for _ in range(4))
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return image.crop((round(box[0]), round(box[1]), round(box[2]), round(box[3])))


WAYS: dict[str, Way] = {
    "JPEG, quality 50": lambda image, _: saved(image, "JPEG", 50),
    "WebP, quality 40": lambda image, _: saved(image, "WEBP", 40),
    "half the size": lambda image, _: scaled(image, 0.5),
    "0.7 of the size, JPEG 60": lambda image, _: saved(scaled(image, 0.7), "JPEG", 60),
    "enlarged by half": lambda image, _: scaled(image, 1.5),
    "up to 3 % off each side": lambda image, rng: cropped(image, rng, 0.03),
    "up to 3 % off, half, JPEG 60": lambda image, rng: saved(
        scaled(cropped(image, rng, 0.03), 0.5), "JPEG", 60
    ),
}


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _text(rng: random.Random, n: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(n))


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, width: int, size: int, ink: str
) -> int:
    """Write ``text`` in lines of at most ``width``; where the next line would be."""
    x, y = at
    line = ""
    for word in text.split():
        if line and draw.textlength(f"{line} {word}", font=_font(size)) > width:
            draw.text((x, y), line, fill=ink, font=_font(size))
            y, line = y + round(size * 1.35), ""
        line = f"{line} {word}".strip()
    draw.text((x, y), line, fill=ink, font=_font(size))
    return y + round(size * 1.35)
