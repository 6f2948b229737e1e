// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/theme/theme.h"

#include <QWidget>

class QCheckBox;
class QVBoxLayout;

namespace rekey::ui {

class PanelHeader;
class RuleEdits;

/// "Ready to convert?": what stops a conversion, what does not, each with its fix in place; overridable, and then
/// recorded in the mapping.
class CompletenessGate : public QWidget
{
    Q_OBJECT
public:
    CompletenessGate(Session &session, QWidget *parent = nullptr);

    bool isComplete() const;   ///< nothing stops it
    bool isOverridden() const; ///< something does, and the person said to go on
    bool isOpen() const { return isComplete() || isOverridden(); }
    QCheckBox *anyway() const { return m_anyway; }

Q_SIGNALS:
    void changed();
    void reviewAsked();
    void showAsked(rekey::ui::Status status);

protected:
    void changeEvent(QEvent *event) override;

private:
    void list();
    bool listStops();
    void listUnused();
    void listPrecision();
    void addRow(const QString &iconName, const QColor &colour, const QString &title, const QString &text, QWidget *fix = nullptr);
    Session &m_session;
    RuleEdits *m_edits;
    PanelHeader *m_header;
    QVBoxLayout *m_rows;
    QWidget *m_anywayRow;
    QCheckBox *m_anyway;
};

/// The type that most floating-point values of a schema have.
std::optional<DType> mainDtype(const Schema &schema);
QString dtypeName(DType dtype);

} // namespace rekey::ui
