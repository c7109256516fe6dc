from __future__ import annotations

from mammoview.app import resources
from mammoview.app.results.fonts import Fonts, picture_font


def test_scripts_of_the_shipped_font_stand_as_they_are() -> None:
    fonts = Fonts(elsewhere=())
    said = "Łucja Ångström Αλφα Иванова Երևան"
    assert fonts.markup(said) == said
    assert fonts.missing == set()


def test_what_no_font_has_stands_as_its_code() -> None:
    fonts = Fonts(elsewhere=())
    assert fonts.markup("山田") == "[U+5C71][U+7530]"
    assert fonts.missing == {"山", "田"}


def test_what_runs_from_right_to_left_is_never_turned_round() -> None:
    fonts = Fonts(elsewhere=())
    assert fonts.markup("אב") == "[U+05D0][U+05D1]"
    assert fonts.missing == {"א", "ב"}


def test_a_font_of_this_machine_that_is_none_is_passed_over() -> None:
    assert Fonts(elsewhere=(__file__, "/no/such.ttf")).markup("山") == "[U+5C71]"


def test_words_of_a_reader_are_no_markup() -> None:
    assert Fonts(elsewhere=()).markup("<b>5 < 7 & 3</b>\x07") == (
        "&lt;b&gt;5 &lt; 7 &amp; 3&lt;/b&gt;"
    )


def test_a_picture_takes_another_font_where_the_shipped_one_lacks_more() -> None:
    shipped, legible = picture_font(["Jürgen Ωμέγα Жуков"], ())
    assert shipped == resources.font()
    assert legible("Jürgen Ωμέγα Жуков") == "Jürgen Ωμέγα Жуков"
    _, legible = picture_font(["王 שלום"], ("/no/such/font.ttf", __file__))
    assert legible("王\nש\x07") == "[U+738B] [U+05E9]"
    bold = str(resources.font("DejaVuSans-Bold"))
    assert picture_font(["王"], (bold,))[0] == shipped, "it has no more of them"
