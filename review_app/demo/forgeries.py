"""Forgeries made from real crops: what splicing, resynthesis, inpainting and upsampling leave.

All images are float32 RGB [height, width, 3] in 0..1. Every function is pure: what is random comes
from the generator given. ``strength`` runs from 0 (hardly to be seen) to 1 (plain).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from review_app.demo.methods import Forgery

Pixels = NDArray[np.float32]


PASTED_SHARE: Final = 0.15
"""Local edits pasted back into the original: nothing outside the region betrays them."""


def forge(
    image: Pixels, donor: Pixels, method: Forgery, strength: float, rng: np.random.Generator
) -> Pixels:
    """A forged copy of ``image``; ``donor`` is another crop of the same shape."""
    if method is Forgery.UPSAMPLING:
        return upsample(image, strength, rng)
    mask = region(image.shape[:2], 0.15 + 0.35 * strength, rng)
    changed = {
        Forgery.SPLICE: lambda: splice(image, donor, mask),
        Forgery.RESYNTHESIS: lambda: resynthesise(image, strength),
        Forgery.INPAINTING: lambda: inpaint(image, mask, strength, rng),
    }[method]()
    soft = mask[..., None]
    edited = _unit(image * (1 - soft) + changed * soft)
    if rng.random() < PASTED_SHARE:
        return edited
    return _unit(edited * decoder_trace(edited.shape[:2], strength))


def decoder_trace(shape: tuple[int, int], strength: float) -> Pixels:
    """Gain that three uneven stride-2 layers leave on all they decode, [height, width, 1].

    Editors that work in a latent space decode the whole picture, not the edited region alone.
    """
    unevenness = 0.015 + 0.03 * strength

    def along(n: int) -> Pixels:
        octaves = np.arange(n)[:, None] >> np.arange(3) & 1
        gains = np.where(octaves, 1 - unevenness, 1 + unevenness)
        return np.asarray(gains.prod(axis=1), dtype=np.float32)

    rows, columns = along(shape[0]), along(shape[1])
    return rows[:, None, None] * columns[None, :, None]


def grey_of(image: Pixels) -> Pixels:
    """Mean of the channels, [height, width, 1]."""
    total = image[..., :1] + image[..., 1:2] + image[..., 2:]
    return np.asarray(total / 3, dtype=np.float32)


def region(shape: tuple[int, int], area: float, rng: np.random.Generator) -> Pixels:
    """A soft-edged irregular blob near the centre, [height, width] in 0..1.

    ``area`` is its share of the central square.
    """
    height, width = shape
    side = min(shape)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    radius = side * np.sqrt(area / np.pi)
    spread = max(0.0, side / 2 - radius) * 0.8
    y -= height / 2 + rng.uniform(-spread, spread)
    x -= width / 2 + rng.uniform(-spread, spread)
    angle = np.arctan2(y, x)
    wobble = np.ones_like(angle)
    for lobes in (1, 2, 3, 5):
        wobble += rng.uniform(0, 0.35 / lobes) * np.sin(lobes * angle + rng.uniform(0, 2 * np.pi))
    feather = rng.uniform(0.004, 0.015) * side
    inside = (radius * wobble - np.hypot(x, y)) / feather
    return _unit(inside + 0.5)


def splice(image: Pixels, donor: Pixels, mask: Pixels) -> Pixels:
    """``donor`` with its colours moved so that it meets ``image`` along the border of ``mask``.

    The difference on the border is diffused inwards by normalised convolution, an approximation of
    gradient-domain blending (Pérez et al. 2003; Farbman et al. 2011).
    """
    if np.abs(image - grey_of(image)).max() < 1e-3:  # colour in a grey photo would fool nobody
        donor = np.repeat(grey_of(donor), 3, axis=2)
    border = (ndimage.uniform_filter(mask, 9) * (1 - mask))[..., None]
    return donor + _diffuse(image - donor, border)


def resynthesise(image: Pixels, strength: float) -> Pixels:
    """``image`` rebuilt from the three lowest cosines of each block: smooth inside, with seams.

    Blocks grow with ``strength`` from 8 to 20 pixels.
    """
    block = 2 * round(4 + 6 * strength)
    height, width = image.shape[:2]
    padded = np.pad(image, ((0, -height % block), (0, -width % block), (0, 0)), mode="reflect")
    blocks = padded.reshape(padded.shape[0] // block, block, padded.shape[1] // block, block, 3)
    spectrum = fft.dctn(blocks, axes=(1, 3), norm="ortho")
    kept = np.zeros_like(spectrum)
    for row, column in ((0, 0), (0, 1), (1, 0)):
        kept[:, row, :, column] = spectrum[:, row, :, column]
    whole = fft.idctn(kept, axes=(1, 3), norm="ortho").reshape(padded.shape)
    return np.asarray(whole[:height, :width], dtype=np.float32)


def inpaint(image: Pixels, mask: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """The region filled from around it, with a grain that fits less the plainer it shall be."""
    filled = _diffuse(image, (1 - mask)[..., None])
    grain = float(np.std(image - ndimage.gaussian_filter(image, (1, 1, 0)), dtype=np.float64))
    noise = rng.standard_normal((*image.shape[:2], 1), dtype=np.float32)
    return filled + np.float32(grain * (1 - strength)) * noise


def upsample(image: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """The image shrunk and grown again by stride-2 transposed convolutions, then sharpened.

    A kernel that its stride does not divide covers pixels unevenly: the checkerboard, and peaks in
    the spectrum (Odena et al. 2016).
    """
    doublings = 2 + (strength > 0.6)
    unevenness = 0.04 + 0.10 * strength
    factor = 2**doublings
    height, width = image.shape[:2]
    padded = np.pad(image, ((0, -height % factor), (0, -width % factor), (0, 0)), mode="edge")
    small = padded.reshape(
        padded.shape[0] // factor, factor, padded.shape[1] // factor, factor, 3
    ).mean((1, 3))
    for _ in range(doublings):
        small = _transposed_convolution(small, unevenness)
    amount = rng.uniform(0.8, 1.4)
    sharp = small + amount * (small - ndimage.gaussian_filter(small, (1.2, 1.2, 0)))
    return _unit(sharp[:height, :width])


def _unit(values: NDArray[np.floating[Any]]) -> Pixels:
    return np.asarray(np.clip(values, 0, 1), dtype=np.float32)


def _transposed_convolution(small: Pixels, unevenness: float) -> Pixels:
    """Twice the size: kernel [1/2, 1, 1/2] at stride 2 along each axis, even rows favoured."""
    for axis in (0, 1):
        following = np.roll(small, -1, axis)
        np.moveaxis(following, axis, 0)[-1] = np.moveaxis(small, axis, 0)[-1]
        between = (small + following) / 2
        pair = np.stack([small * (1 + unevenness), between * (1 - unevenness)], axis + 1)
        shape = list(small.shape)
        shape[axis] *= 2
        small = pair.reshape(shape)
    return small


def _diffuse(values: Pixels, weight: Pixels) -> Pixels:
    """Spread ``values`` from where ``weight`` is high to where it is not, coarse to fine."""
    result = np.zeros_like(values)
    trust = np.zeros_like(weight)
    for sigma in (2.0, 6.0, 18.0, 54.0):
        reduced = max(1, int(sigma // 3))
        total = _blur(values * weight, sigma, reduced)
        amount = _blur(weight, sigma, reduced)
        gain = (1 - trust) * np.clip(amount * 20, 0, 1)
        result += gain * total / np.maximum(amount, 1e-6)
        trust += gain
    return np.asarray(result / np.maximum(trust, 1e-6), dtype=np.float32)


def _blur(values: Pixels, sigma: float, reduced: int) -> Pixels:
    """Gaussian blur; wide ones are made on every ``reduced``-th pixel and scaled up."""
    if reduced == 1:
        return np.asarray(ndimage.gaussian_filter(values, (sigma, sigma, 0)), dtype=np.float32)
    few = ndimage.uniform_filter(values, (reduced, reduced, 1))[::reduced, ::reduced]
    few = ndimage.gaussian_filter(few, (sigma / reduced, sigma / reduced, 0))
    whole = few.repeat(reduced, 0).repeat(reduced, 1)[: values.shape[0], : values.shape[1]]
    return np.asarray(ndimage.uniform_filter(whole, (reduced, reduced, 1)), dtype=np.float32)
