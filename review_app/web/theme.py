"""One theme for both mounts: neutral greys, so that no tint stands beside a picture under review.

The colours are the tokens of ``static/app.css``; Gradio's own variables point at them, and so a
colour is written down once.
"""

from __future__ import annotations

from gradio.themes import Base
from gradio.themes.utils.colors import Color

_GREY = Color(
    name="grey",
    c50="#fafafa",
    c100="#f5f5f5",
    c200="#e5e5e5",
    c300="#d4d4d4",
    c400="#a3a3a3",
    c500="#737373",
    c600="#525252",
    c700="#404040",
    c800="#262626",
    c900="#1a1a1a",
    c950="#111111",
)
_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

# Gradio's variable -> our token. A token carries its own dark value, so both modes name the same.
_TOKENS = {
    "background_fill_primary": "--raised",
    "background_fill_secondary": "--surface",
    "body_text_color_subdued": "--text-quiet",
    "border_color_primary": "--line",
    "border_color_accent": "--accent",
    "color_accent": "--accent",
    "color_accent_soft": "--accent-soft",
    "link_text_color": "--accent",
    "link_text_color_hover": "--accent",
    "link_text_color_active": "--accent",
    "link_text_color_visited": "--accent",
    "block_background_fill": "--raised",
    "block_border_color": "--line",
    "block_label_background_fill": "--raised",
    "block_label_border_color": "--line",
    "block_label_text_color": "--text-quiet",
    "block_title_text_color": "--text",
    "block_info_text_color": "--text-quiet",
    "panel_background_fill": "--surface",
    "panel_border_color": "--line",
    "input_background_fill": "--field",
    "input_border_color": "--field-line",
    "input_border_color_focus": "--accent",
    "input_placeholder_color": "--text-quiet",
    "checkbox_background_color": "--field",
    "checkbox_background_color_selected": "--accent-fill",
    "checkbox_border_color": "--field-line",
    "checkbox_border_color_selected": "--accent-fill",
    "checkbox_border_color_focus": "--accent",
    "checkbox_label_background_fill": "--raised",
    "checkbox_label_background_fill_hover": "--hover",
    "checkbox_label_background_fill_selected": "--raised",
    "checkbox_label_border_color": "--line",
    "checkbox_label_text_color": "--text",
    "checkbox_label_text_color_selected": "--text",
    "slider_color": "--accent-fill",
    "button_primary_background_fill": "--strong",
    "button_primary_background_fill_hover": "--strong-hover",
    "button_primary_border_color": "--strong",
    "button_primary_text_color": "--on-strong",
    "button_secondary_background_fill": "--raised",
    "button_secondary_background_fill_hover": "--hover",
    "button_secondary_border_color": "--field-line",
    "button_secondary_text_color": "--text",
    "button_cancel_background_fill": "--raised",
    "button_cancel_background_fill_hover": "--hover",
    "button_cancel_border_color": "--alarm",
    "button_cancel_text_color": "--alarm",
    "error_background_fill": "--raised",
    "error_border_color": "--alarm",
    "error_text_color": "--alarm",
    "table_border_color": "--line",
    "table_even_background_fill": "--raised",
    "table_odd_background_fill": "--raised",
    "table_row_focus": "--hover",
    "table_text_color": "--text",
    "stat_background_fill": "--accent-soft",
}
# Gradio also writes these two into the page's first bytes, where no style sheet is known yet.
_BEFORE_STYLES = {
    "body_background_fill": "#f5f5f5",
    "body_background_fill_dark": "#141414",
    "body_text_color": "#1a1a1a",
    "body_text_color_dark": "#ededed",
}
_SAME_IN_BOTH = {
    "block_shadow": "none",
    "block_border_width": "1px",
    "block_title_text_weight": "600",
    "block_label_text_weight": "400",
    "button_border_width": "1px",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
    "button_large_text_weight": "600",
    "button_small_text_weight": "400",
    "input_shadow": "none",
    "input_shadow_focus": "0 0 0 2px var(--accent)",
    "shadow_drop": "none",
    "shadow_drop_lg": "none",
}


def make_theme() -> Base:
    """The product's theme; only fonts that the reader's machine has."""
    theme = Base(
        primary_hue=_GREY, secondary_hue=_GREY, neutral_hue=_GREY, font=_SANS, font_mono=_MONO
    )
    values = {**_SAME_IN_BOTH, **_BEFORE_STYLES}
    for name, token in _TOKENS.items():
        values[name] = f"var({token})"
        if hasattr(theme, f"{name}_dark"):
            values[f"{name}_dark"] = f"var({token})"
    theme.set(**values)
    theme.name = "deepfake-review"
    return theme
