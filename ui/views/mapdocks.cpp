// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/mapdocks.h"

#include "ui/inspect/histogramdock.h"
#include "ui/theme/displaytext.h"
#include "ui/views/evidencepanel.h"
#include "ui/views/metadatapanel.h"
#include "ui/views/problemspanel.h"
#include "ui/views/safetypanel.h"
#include "ui/views/scriptpanel.h"

namespace rekey::ui {

MapDocks::MapDocks(Session &session, QWidget *parent)
    : BottomPanel(parent)
    , m_histogram(new HistogramDock(session))
    , m_problems(new ProblemsPanel(session))
    , m_script(new ScriptPanel(session))
    , m_metadata(new MetadataPanel(session))
    , m_safety(new SafetyPanel(session))
{
    add(QStringLiteral("histogram"), tr("Histogram"), m_histogram);
    const int problems = add(QStringLiteral("problems"), tr("Problems"), m_problems);
    add(QStringLiteral("evidence"), tr("Evidence"), new EvidencePanel(session));
    add(QStringLiteral("script"), tr("Script"), m_script);
    add(QStringLiteral("metadata"), tr("Metadata"), m_metadata);
    const int safety = add(QStringLiteral("safety"), tr("Safety"), m_safety);
    const auto badge = [this](int tab) {
        return [this, tab](int count) { tabs()->setBadge(tab, count > 0 ? countText(static_cast<quint64>(count)) : QString()); };
    };
    connect(m_problems, &ProblemsPanel::countChanged, this, badge(problems));
    connect(m_safety, &SafetyPanel::doubtfulChanged, this, badge(safety));
}

int MapDocks::add(const QString &iconName, const QString &title, QWidget *panel)
{
    m_panels.append(panel);
    return addPanel(iconName, title, panel);
}

void MapDocks::showPanelOf(QWidget *panel)
{
    showPanel(static_cast<int>(m_panels.indexOf(panel)));
}

} // namespace rekey::ui
