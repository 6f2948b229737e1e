// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/views/bottompanel.h"

namespace rekey::ui {

class HistogramDock;
class MetadataPanel;
class ProblemsPanel;
class SafetyPanel;
class ScriptPanel;

/// What is known about the selection and the pair, below the trees of the Map room. Tabs carry the counts.
class MapDocks : public BottomPanel
{
    Q_OBJECT
public:
    explicit MapDocks(Session &session, QWidget *parent = nullptr);

    HistogramDock *histogram() const { return m_histogram; }
    ScriptPanel *script() const { return m_script; }
    SafetyPanel *safety() const { return m_safety; }
    MetadataPanel *metadata() const { return m_metadata; }
    ProblemsPanel *problems() const { return m_problems; }
    /// Brings the tab of one of the panels above to the front.
    void showPanelOf(QWidget *panel);

private:
    int add(const QString &iconName, const QString &title, QWidget *panel);
    HistogramDock *m_histogram;
    ProblemsPanel *m_problems;
    ScriptPanel *m_script;
    MetadataPanel *m_metadata;
    SafetyPanel *m_safety;
    QList<QWidget *> m_panels;
};

} // namespace rekey::ui
