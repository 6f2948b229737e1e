// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"
#include "ui/document/session.h"
#include "ui/theme/theme.h"

#include <QDialog>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QVBoxLayout;

namespace rekey::ui {

class PageButton;
class PanelHeader;

/// What a person chose to write, and beside it.
struct ConvertChoice
{
    ConvertRequest request;
    bool script = true, transformers = false, mapping = true, report = true;
};

struct ConvertOutcome
{
    ConvertReport report;
    std::vector<std::filesystem::path> beside;
    double milliseconds = 0;
};
/// Converts, then writes the script, the mapping and the report beside the weights. For a worker thread. Throws Error.
ConvertOutcome carryOut(const ConvertChoice &choice, const Progress &progress);

/// "Ready to convert?": the completeness gate as a checklist with each fix in place, and where and how to write.
class ConvertDialog : public QDialog
{
    Q_OBJECT
public:
    explicit ConvertDialog(Session &session, QWidget *parent = nullptr);

    ConvertChoice choice() const;
    PageButton *convertButton() const { return m_convert; }
    QLineEdit *destination() const { return m_destination; }

Q_SIGNALS:
    void reviewAsked();                        ///< the dialog closes: questions first
    void showAsked(rekey::ui::Status status);  ///< the dialog closes: the keys of this status

private:
    QWidget *makeGate();
    QWidget *makeWrite();
    QWidget *makeFooter();
    void addGateRow(const QString &iconName, const QColor &colour, const QString &title, const QString &text, QWidget *fix = nullptr);
    void listGate();
    void dropUnused();
    void browse();
    void updateTexts();
    bool isComplete() const;
    std::uint64_t targetBytes() const;

    Session &m_session;
    PanelHeader *m_gateHeader;
    QVBoxLayout *m_gate;
    QWidget *m_anywayRow;
    QLineEdit *m_destination;
    QComboBox *m_dtype, *m_shards;
    QCheckBox *m_anyway, *m_script, *m_mapping, *m_transformers, *m_report;
    QLabel *m_scriptText, *m_mappingText, *m_reportText, *m_transformersText;
    PageButton *m_convert = nullptr, *m_cancel = nullptr;
};

} // namespace rekey::ui
