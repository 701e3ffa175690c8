"""Mend the roles and labels with which other packages would mislead a screen reader."""

# In HTML, because the packages write it themselves.
MENDED = {
    # docutils: a role that ARIA has withdrawn, in a list that then has no items.
    'role="doc-biblioentry"': 'role="listitem"',
    # Markdown's tables: an empty corner heads nothing.
    '<th class="head"><p></p></th>': "<td></td>",
    # MyST-NB: a label that hides what the fold itself says.
    '<summary aria-label="Toggle hidden content">': "<summary>",
}


def mend(app, pagename, templatename, context, doctree):
    for wrong, right in MENDED.items():
        context["body"] = context.get("body", "").replace(wrong, right)


def setup(app):
    app.connect("html-page-context", mend)
