// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/scripthighlighter.h"

#include "ui/theme/theme.h"

#include <QApplication>
#include <QRegularExpression>

namespace rekey::ui {

ScriptHighlighter::ScriptHighlighter(QTextDocument *document)
    : QSyntaxHighlighter(document)
{
    setPalette(QApplication::palette());
}

void ScriptHighlighter::setPalette(const QPalette &palette)
{
    const Theme theme = Theme::of(palette);
    m_comment.setForeground(theme.text3);
    m_string.setForeground(theme.status(Status::Proven).foreground);
    m_keyword.setForeground(theme.status(Status::Conflicting).foreground);
    m_number.setForeground(theme.tgt);
    m_variable.setForeground(theme.accent);
    rehighlight();
}

void ScriptHighlighter::highlightBlock(const QString &text)
{
    static const QRegularExpression keyword(QStringLiteral("\\b(def|return|import|from|for|in|if|elif|else|while|with|as|not|and|or|is|"
                                                           "None|True|False|class|try|except|raise|lambda|print|pass)\\b"));
    static const QRegularExpression number(QStringLiteral("\\b\\d+(\\.\\d+)?\\b"));
    static const QRegularExpression string(QStringLiteral("[rf]?\"[^\"]*\"|[rf]?'[^']*'"));
    static const QRegularExpression variable(QStringLiteral("\\{[^}]*\\}"));
    constexpr int inDocstring = 1;
    const auto apply = [&](const QRegularExpression &expression, const QTextCharFormat &format) {
        for (auto it = expression.globalMatch(text); it.hasNext();) {
            const auto match = it.next();
            setFormat(static_cast<int>(match.capturedStart()), static_cast<int>(match.capturedLength()), format);
        }
    };
    apply(keyword, m_keyword);
    apply(number, m_number);
    for (auto it = string.globalMatch(text); it.hasNext();) {
        const auto match = it.next();
        setFormat(static_cast<int>(match.capturedStart()), static_cast<int>(match.capturedLength()), m_string);
        for (auto inner = variable.globalMatch(match.captured()); inner.hasNext();) {
            const auto piece = inner.next();
            setFormat(static_cast<int>(match.capturedStart() + piece.capturedStart()), static_cast<int>(piece.capturedLength()),
                      m_variable);
        }
    }
    const qsizetype hash = text.indexOf(QLatin1Char('#'));
    if (hash >= 0 && text.left(hash).count(QLatin1Char('"')) % 2 == 0)
        setFormat(static_cast<int>(hash), static_cast<int>(text.size() - hash), m_comment);
    // Triple quotes run over lines.
    const QString quotes = QStringLiteral("\"\"\"");
    qsizetype from = previousBlockState() == inDocstring ? 0 : text.indexOf(quotes);
    const qsizetype skip = previousBlockState() == inDocstring ? 0 : 3;
    if (from < 0)
        return;
    const qsizetype end = text.indexOf(quotes, from + skip);
    setFormat(static_cast<int>(from), static_cast<int>((end < 0 ? text.size() : end + 3) - from), m_comment);
    setCurrentBlockState(end < 0 ? inDocstring : 0);
}

} // namespace rekey::ui
