// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QDialog>

class QCheckBox;
class QLabel;
class QListWidget;
class QPlainTextEdit;

namespace rekey::ui {

class Banner;
class PageButton;
class PanelHeader;

/// Every exporter of core with a preview of what it writes; copy or save. With open keys it asks first, and the answer is
/// recorded in the mapping.
class ExportDialog : public QDialog
{
    Q_OBJECT
public:
    ExportDialog(Session &session, const QString &exporterId, QWidget *parent = nullptr);

    QListWidget *kinds() const { return m_kinds; }
    QString text() const;
    QCheckBox *anyway() const { return m_anyway; }
    PageButton *copyButton() const { return m_copy; }
    PageButton *saveButton() const { return m_save; }
    /// Without the file dialog.
    void saveTo(const QString &path);

Q_SIGNALS:
    void written(const QString &path); ///< the dialog closes

private:
    QWidget *makeKinds(const QString &exporterId);
    QWidget *makePreview();
    QWidget *makeFooter();
    void follow();
    void followGate();
    void record();
    void copy();
    void save();
    QString exporterId() const;

    Session &m_session;
    QListWidget *m_kinds;
    PanelHeader *m_header;
    QPlainTextEdit *m_text;
    QWidget *m_gate;
    QLabel *m_gateIcon, *m_gateText, *m_state;
    QCheckBox *m_anyway;
    PageButton *m_copy, *m_save;
    bool m_previewed = false;
};

} // namespace rekey::ui
