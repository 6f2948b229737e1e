// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/conversion.h"
#include "ui/document/session.h"
#include "ui/theme/theme.h"

#include <QDialog>
#include <QPointer>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QStackedWidget;

namespace rekey::ui {

class CompletenessGate;
class Job;
class PageButton;

/// The gate at the left, where and how to write at the right. Stays in sight while it converts, with progress and Cancel,
/// and says there what went wrong; closes when it is done.
class ConvertDialog : public QDialog
{
    Q_OBJECT
public:
    explicit ConvertDialog(Session &session, QWidget *parent = nullptr);
    ~ConvertDialog() override;

    ConvertChoice choice() const;
    bool isConverting() const { return !m_job.isNull(); }
    PageButton *convertButton() const { return m_convert; }
    PageButton *cancelButton() const { return m_cancel; }
    QLineEdit *destination() const { return m_destination; }
    CompletenessGate *gate() const { return m_gate; }
    QString errorText() const; ///< of the last attempt; empty when there was none

    void reject() override;

Q_SIGNALS:
    void reviewAsked();                        ///< the dialog closes: questions first
    void showAsked(rekey::ui::Status status);  ///< the dialog closes: the keys of this status
    void converted(const rekey::ui::ConvertOutcome &outcome); ///< the dialog closes

private:
    QWidget *makeWrite();
    QLayout *makeDestination();
    QLayout *makeBeside();
    QWidget *makeFooter();
    void browse();
    void start();
    void stopped(const QString &sentence);
    void setConverting(bool converting);
    void updateTexts();
    std::uint64_t targetBytes() const;

    struct Extra { QCheckBox *box = nullptr; QLabel *text = nullptr; };
    Session &m_session;
    CompletenessGate *m_gate;
    QWidget *m_write;
    QLineEdit *m_destination;
    QComboBox *m_dtype, *m_shards;
    Extra m_script, m_mapping, m_transformers, m_report;
    QStackedWidget *m_state; ///< note, progress, error
    QProgressBar *m_progress;
    QLabel *m_doing, *m_error;
    PageButton *m_convert = nullptr, *m_cancel = nullptr;
    QPointer<Job> m_job;
};

} // namespace rekey::ui
