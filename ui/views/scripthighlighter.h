// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSyntaxHighlighter>

namespace rekey::ui {

/// Python as far as a conversion script needs it: comments, strings, keywords, numbers, {variables} in strings.
class ScriptHighlighter : public QSyntaxHighlighter
{
    Q_OBJECT
public:
    explicit ScriptHighlighter(QTextDocument *document);
    void setPalette(const QPalette &palette);

protected:
    void highlightBlock(const QString &text) override;

private:
    QTextCharFormat m_comment, m_string, m_keyword, m_number, m_variable;
};

} // namespace rekey::ui
