// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/mapfiltering.h"

#include "ui/jobs/job.h"
#include "ui/models/keytreemodel.h"
#include "ui/models/mapfilter.h"
#include "ui/models/rulesmodel.h"
#include "ui/views/keytreepanel.h"
#include "ui/views/keytreeview.h"
#include "ui/views/maptoolbar.h"
#include "ui/window/segmentedswitch.h"

namespace rekey::ui {

namespace {

constexpr int filterDelay = 120;          ///< ms after the last key
constexpr std::size_t expandedHits = 400; ///< rows that a filter opens by itself

} // namespace

MapFiltering::MapFiltering(Session &session, MapToolBar &toolBar, KeyTreePanel &source, KeyTreePanel &target, RulesModel &rules,
                           QObject *parent)
    : QObject(parent)
    , m_session(session)
    , m_toolBar(toolBar)
    , m_source(source)
    , m_target(target)
    , m_rules(rules)
{
    m_delay.setSingleShot(true);
    m_delay.setInterval(filterDelay);
    connect(&m_delay, &QTimer::timeout, this, &MapFiltering::apply);
    connect(toolBar.filter(), &QLineEdit::textChanged, this, [this] { m_delay.start(); });
    connect(toolBar.showSwitch(), &SegmentedSwitch::currentChanged, this, [this] {
        m_onlyStatus.reset();
        apply();
    });
}

void MapFiltering::showOnly(Status status)
{
    m_onlyStatus = status;
    m_toolBar.showSwitch()->setCurrent(0);
    apply();
}

void MapFiltering::setText(const QString &text)
{
    m_toolBar.filter()->setText(text);
}

void MapFiltering::clear()
{
    m_onlyStatus.reset();
    m_toolBar.showSwitch()->setCurrent(0);
    m_toolBar.filter()->clear();
    m_delay.stop();
    apply();
}

void MapFiltering::forget()
{
    m_filter = {};
    m_noKeyPasses = false;
    m_closest.reset();
    m_onlyStatus.reset();
    m_toolBar.filter()->clear();
    m_delay.stop();
    m_toolBar.showSwitch()->setCurrent(0);
}

void MapFiltering::again()
{
    if (!m_filter.isEmpty())
        apply();
}

void MapFiltering::apply()
{
    KeyFilter filter(m_toolBar.filter()->text());
    const int shown = m_toolBar.showSwitch()->current();
    filter.setOpenOnly(shown == 1);
    filter.setOnlyStatus(m_onlyStatus);
    const bool same = filter == m_filter;
    m_filter = filter;
    const auto show = static_cast<RulesModel::Show>(shown);
    if (filter.isEmpty()) {
        m_noKeyPasses = false;
        m_closest.reset();
        m_rules.setFilter(show, filter, {});
        for (KeyTreePanel *panel : {&m_source, &m_target}) {
            if (panel->model()->setVisible(nullptr))
                panel->view()->expandFirstLevels();
        }
        Q_EMIT applied();
        return;
    }
    KeyTreeModel *source = m_source.model(), *target = m_target.model();
    m_session.jobs().start(
        this, QStringLiteral("filter"), tr("Filtering"),
        [filter, sourceTree = source->tree(), targetTree = target->tree(), sourceSchema = source->schema(), targetSchema = target->schema(),
         sourceStatus = source->tensorStatuses(), targetStatus = target->tensorStatuses(),
         resolution = m_rules.resolution()](const Progress &progress) {
            return evaluateFilter(filter, sourceTree, targetTree, sourceSchema, targetSchema, sourceStatus, targetStatus, resolution,
                                  progress);
        },
        [this, filter, show, same](const FilterResult &result) {
            m_noKeyPasses = result.rows == 0;
            m_closest = result.closest;
            m_rules.setFilter(show, filter, result.rules);
            for (KeyTreePanel *panel : {&m_source, &m_target}) {
                if (!panel->model()->setVisible(panel == &m_source ? result.source : result.target))
                    continue;
                if (result.rows <= expandedHits)
                    panel->view()->expandAll();
                else if (!same)
                    panel->view()->expandFirstLevels();
            }
            Q_EMIT applied();
        });
}

} // namespace rekey::ui
