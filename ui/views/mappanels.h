// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QListView;
class QPlainTextEdit;
class QStackedWidget;
class QTextBrowser;

namespace rekey::ui {

class EmptyState;
class PageButton;
class ProblemsModel;

// The panels below the trees. Each follows the session by itself.

/// What the resolution complains of; a click goes there.
class ProblemsPanel : public QWidget
{
    Q_OBJECT
public:
    ProblemsPanel(Session &session, QWidget *parent = nullptr);
    int count() const;

Q_SIGNALS:
    void countChanged(int count);

private:
    void follow();
    void goTo(const QModelIndex &index);
    Session &m_session;
    ProblemsModel *m_model;
    QListView *m_list;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
};

/// Why the selected rule is believed, in words.
class EvidencePanel : public QWidget
{
    Q_OBJECT
public:
    EvidencePanel(Session &session, QWidget *parent = nullptr);

protected:
    void changeEvent(QEvent *event) override;

private:
    void follow();
    Session &m_session;
    QTextBrowser *m_text;
    QStackedWidget *m_stack;
};

/// The exported script as it will be, always current. Written off the GUI thread, and only while it is in sight.
class ScriptPanel : public QWidget
{
    Q_OBJECT
public:
    ScriptPanel(Session &session, QWidget *parent = nullptr);
    QString text() const;

Q_SIGNALS:
    void saveAsked(const QString &exporterId);

protected:
    void showEvent(QShowEvent *event) override;

private:
    void follow();
    Session &m_session;
    QComboBox *m_exporter;
    QPlainTextEdit *m_text;
    QLabel *m_lines;
    PageButton *m_copy, *m_save;
    bool m_outOfDate = true;
};

/// Both sides beside each other: format, root, size, metadata.
class MetadataPanel : public QWidget
{
    Q_OBJECT
public:
    MetadataPanel(Session &session, QWidget *parent = nullptr);

protected:
    void changeEvent(QEvent *event) override;

private:
    void follow(Side side);
    Session &m_session;
    QTextBrowser *m_text[2];
    QComboBox *m_root[2];
};

/// What the files would import or call if they were unpickled. They are not.
class SafetyPanel : public QWidget
{
    Q_OBJECT
public:
    SafetyPanel(Session &session, QWidget *parent = nullptr);

protected:
    void changeEvent(QEvent *event) override;

private:
    void follow(Side side);
    Session &m_session;
    QTextBrowser *m_text[2];
};

} // namespace rekey::ui
