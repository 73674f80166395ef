"""The client's look: what a logo, a colour and a font must be, and what a user is told when they are not."""

import io

import pytest
from PIL import Image

from cxstudy.client.brand import LARGEST, brand_of, contrast
from cxstudy.client.report_yaml import BrandFile
from cxstudy.faults import DataError


def picture(path, kind="PNG", size=(40, 20), mode="RGB"):
    Image.new(mode, size, 90).save(path, kind)
    return path.name


def faults(given, folder):
    with pytest.raises(DataError) as caught:
        brand_of(BrandFile(**given), folder)
    return caught.value.faults


def test_without_anything_the_default_look_is_readable(tmp_path):
    brand = brand_of(BrandFile(), tmp_path)
    assert (brand.primary, brand.accent, brand.logo, brand.font) == ("#1f4e79", "#f0a860", None, "")
    assert contrast(brand.primary) >= 4.5


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    # WCAG 2.2: black on white 21, equal colours 1; #767676 is the lightest grey of 4.5 on white
    [
        ("#000000", "#ffffff", 21.0),
        ("#336699", "#336699", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
    ],
)
def test_contrast_as_wcag_defines_it(first, second, expected):
    assert contrast(first, second) == pytest.approx(expected, abs=0.005)
    assert contrast(first, second) == contrast(second, first)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_logo_becomes_png(tmp_path, kind, mode):
    name = picture(tmp_path / f"logo.{kind.lower()}", kind, mode=mode)
    brand = brand_of(BrandFile(logo=name, primary="navy", accent="#abc", font="Gill Sans", name="Å & Ø"), tmp_path)
    with Image.open(io.BytesIO(brand.logo)) as logo:
        assert (logo.format, logo.size) == ("PNG", (40, 20))
    assert (brand.primary, brand.accent, brand.font, brand.name) == ("#000080", "#aabbcc", "Gill Sans", "Å & Ø")


def test_what_hides_in_a_logo_is_not_passed_on(tmp_path):
    path = tmp_path / "logo.png"
    picture(path)
    path.write_bytes(path.read_bytes() + b"<script>alert(1)</script>")
    assert b"script" not in brand_of(BrandFile(logo="logo.png"), tmp_path).logo


@pytest.mark.parametrize(
    "content", [b"", b"not an image", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n"]
)
def test_a_logo_that_is_no_picture(tmp_path, content):
    (tmp_path / "logo.png").write_bytes(content)
    (fault,) = faults({"logo": "logo.png"}, tmp_path)
    assert (fault.where, fault.found) == ("report.yaml, brand.logo", "logo.png is neither.")
    assert "PNG or JPEG file of at most 2 MB" in fault.rule


def test_a_gif_is_neither(tmp_path):
    (fault,) = faults({"logo": picture(tmp_path / "logo.gif", "GIF", mode="L")}, tmp_path)
    assert "export the logo as PNG" in fault.remedy


def test_a_logo_of_20_mb_is_not_read(tmp_path):
    with (tmp_path / "logo.png").open("wb") as file:
        file.truncate(10 * LARGEST)
    (fault,) = faults({"logo": "logo.png"}, tmp_path)
    assert fault.found == "logo.png has 20.0 MB." and "smaller" in fault.remedy


def test_a_small_file_that_unpacks_to_many_pixels(tmp_path):
    (fault,) = faults({"logo": picture(tmp_path / "logo.png", size=(6000, 5000), mode="1")}, tmp_path)
    assert fault.found == "logo.png has 6000 × 5000 pixels."


def test_a_logo_outside_the_folder_or_not_there(tmp_path):
    inside = tmp_path / "study"
    inside.mkdir()
    picture(tmp_path / "logo.png")
    assert "lies outside that folder" in faults({"logo": "../logo.png"}, inside)[0].found
    assert "there is no file none.png" in faults({"logo": "none.png"}, inside)[0].found
    assert "there is no file ." in faults({"logo": "."}, inside)[0].found


@pytest.mark.parametrize("colour", ["blå", "#12345", "rgb(300)", "url(x)", "#1f4e79; color: red"])
def test_a_colour_that_is_none(tmp_path, colour):
    (fault,) = faults({"primary": colour}, tmp_path)
    assert fault.where == "report.yaml, brand.primary" and "in quotes" in fault.remedy


def test_a_text_colour_too_light_and_colours_too_alike(tmp_path):
    (fault,) = faults({"primary": "#f0a860"}, tmp_path)
    assert "contrast 2.0 : 1" in fault.found and "at least 4.5 : 1" in fault.rule
    (fault,) = faults({"primary": "#1f4e79", "accent": "#204f7a"}, tmp_path)
    assert fault.where == "report.yaml, brand.accent" and "lighter" in fault.remedy


def test_a_font_is_a_name(tmp_path):
    (fault,) = faults({"font": "Arial; } body { display: none"}, tmp_path)
    assert fault.where == "report.yaml, brand.font"


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    found = faults({"primary": "?", "accent": "?", "font": "!", "logo": "?"}, tmp_path)
    assert [fault.where.split(".")[-1] for fault in found] == ["primary", "accent", "font", "logo"]
