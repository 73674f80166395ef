"""Markdown and HTML of a notebook, made safe for a page: text escaped, formulas to MathML, nothing fetched.

A company may be called ``<script>``; a page shows the name and runs nothing.
"""

import re
from functools import cache
from html import escape

import bleach
from bs4 import BeautifulSoup
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, MathInlineParser

TAGS = frozenset(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s small span strong sub "
    "summary sup table tbody td tfoot th thead tr u ul wbr".split()
)
ATTRIBUTES = {
    "*": ["class", "title", "lang"],
    "a": ["href"],
    "div": ["tabindex", "role", "aria-label"],
    "img": ["src", "alt", "width", "height"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
    "ol": ["start"],
}
MATHML = frozenset(
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle "
    "mpadded mphantom menclose mmultiscripts mprescripts none".split()
)


def math(latex, display="inline"):
    r"""A formula as MathML; what cannot be converted is shown as its LaTeX source, in a code element.

    >>> math(r"\foo{x}")
    '<code class="latex">\\foo{x}</code>'
    """
    source = f'<code class="latex">{escape(latex.strip(), quote=False)}</code>'
    if re.search(r"&#?\w+;|\\(href|style|class|cssId)\b", latex):
        return source
    try:
        # latex2mathml writes text unescaped: with a space behind it, < can never begin a tag of the page
        made = convert(latex.strip().replace("<", "< "), display=display)
    except Exception:
        # its errors have no common base, and any of them means the same here
        return source
    tags = set(re.findall(r"</?([a-zA-Z]+)", made))
    if not tags <= MATHML or "\\" in made:
        return source
    return made.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")


def markdown(source, attachments=None):
    """Markdown as HTML: raw HTML in it is shown as text, formulas become MathML, remote pictures links."""
    renderer = _Renderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True, attachments=attachments)
    return MarkdownWithMath(renderer=renderer, inline=_Inline(hard_wrap=False)).render(source)


def safe_html(html, change=lambda soup: None):
    """The HTML of an output with only the tags of a text and a table left, and no address to fetch from.

    ``change`` is given the parsed output and may alter it; what it makes is cleaned as well.
    """
    soup = BeautifulSoup(html, "html.parser")
    for element in soup(["style", "script", "iframe", "object", "template", "noscript"]):
        element.decompose()
    change(soup)
    return _cleaner().clean(str(soup))


@cache
def _cleaner():
    return bleach.Cleaner(
        tags=TAGS,
        attributes=_allowed,
        protocols=["http", "https", "mailto", "data"],
        strip=True,
        strip_comments=True,
    )


def _allowed(tag, name, value):
    if name not in ATTRIBUTES["*"] + ATTRIBUTES.get(tag, []):
        return False
    if name == "src":
        return value.startswith(("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/svg+xml;base64,"))
    return name != "href" or not value.lower().startswith("data:")


class _Inline(MathInlineParser):
    # a formula's dollars stand close to it and no digit follows: "from $5 to $9" is money
    SPECIFICATION = {
        **MathInlineParser.SPECIFICATION,
        "inline_math_tex": r"(?s:(?<![$\\])\$(?=\S)(?P<math_inline_tex>[^$]+?)(?<![$\\\s])\$(?!\d))",
    }


class _Renderer(IPythonRenderer):
    def block_math(self, body):
        return math(body, "block")

    def inline_math(self, body):
        return math(body)

    def latex_environment(self, name, body):
        return math(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def block_mermaidjs(self, code):
        return f"<pre><code>{escape(code)}</code></pre>"

    def image(self, text, url, title=None):
        url = self._embed_image_or_attachment(url)
        if url.startswith("data:image/"):
            return f'<img src="{escape(url)}" alt="{escape(text)}">'
        return f'<a href="{escape(self.safe_url(url))}">{text or escape(url)}</a>'
