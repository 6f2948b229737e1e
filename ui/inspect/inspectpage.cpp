// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/inspectpage.h"

#include "ui/inspect/blockspanel.h"
#include "ui/inspect/csvexport.h"
#include "ui/inspect/filepanel.h"
#include "ui/inspect/inspecttoolbar.h"
#include "ui/inspect/keyhits.h"
#include "ui/inspect/sparklines.h"
#include "ui/inspect/tensormodel.h"
#include "ui/inspect/tensorpanel.h"
#include "ui/inspect/tensorreading.h"
#include "ui/inspect/tensorview.h"
#include "ui/jobs/job.h"
#include "ui/models/keyfilter.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/views/emptystate.h"
#include "ui/window/notice.h"
#include "ui/window/pagebutton.h"
#include "ui/window/settings.h"
#include "ui/window/statusline.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <map>

namespace rekey::ui {

namespace {

constexpr int sideWidth = 304;
/// So few hits are shown opened.
constexpr quint64 expandHits = 300;

QScrollArea *scrolling(QWidget *content)
{
    auto *area = new QScrollArea;
    area->setWidget(content);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return area;
}

QWidget *onBase()
{
    auto *widget = new QWidget;
    widget->setAutoFillBackground(true);
    widget->setBackgroundRole(QPalette::Base);
    return widget;
}

/// "F32", or "F16, F32" by share of values.
QString dtypesText(const Schema &schema)
{
    std::map<DType, std::uint64_t> values;
    for (const SchemaTensor &tensor : schema.tensors)
        values[tensor.dtype] += elementCount(tensor.shape);
    std::vector<std::pair<std::uint64_t, DType>> sorted;
    for (const auto &[dtype, count] : values)
        sorted.emplace_back(count, dtype);
    std::sort(sorted.rbegin(), sorted.rend());
    QStringList names;
    for (const auto &[count, dtype] : sorted)
        names << QString::fromLatin1(name(dtype).data(), static_cast<qsizetype>(name(dtype).size()));
    if (names.size() > 3)
        names = names.mid(0, 3) << QStringLiteral("…");
    return names.join(QStringLiteral(", "));
}

} // namespace

InspectPage::InspectPage(Session &session, QWidget *parent)
    : Room(parent)
    , m_session(session)
    , m_model(new TensorModel(session, this))
    , m_shown(new TensorFilterModel(this))
    , m_sparklines(new Sparklines(session.jobs(), this))
    , m_status(new StatusLine(this))
    , m_toolBar(new InspectToolBar(this))
    , m_stack(new QStackedWidget(this))
{
    m_status->hide();
    m_shown->setSourceModel(m_model);
    m_toolBar->hide();
    m_save = addRoomAction(tr("Save statistics as CSV…"), QStringLiteral("export"), {}, [this] { saveCsv(); });

    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    m_empty = new EmptyState(QStringLiteral("inspect"));
    m_stack->addWidget(m_empty);
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(makeTree());
    m_blocks = new BlocksPanel;
    splitter->addWidget(m_blocks);
    splitter->addWidget(makeSide());
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    splitter->setStretchFactor(2, 0);
    splitter->setSizes({690, 444, sideWidth});
    m_stack->addWidget(splitter);

    m_notice = new Notice(this);
    connect(m_blocks, &BlocksPanel::chosen, this, &InspectPage::selectTensor);
    connect(m_toolBar, &InspectToolBar::sideChosen, this, [this](Side side) {
        m_sideChosen = m_sideChosen || side != m_side;
        showSide(side);
    });
    connect(m_toolBar, &InspectToolBar::foldedChanged, this, &InspectPage::buildTree);
    connect(m_toolBar, &InspectToolBar::filterChanged, this, &InspectPage::applyFilter);
    connect(m_toolBar, &InspectToolBar::saveAsked, this, &InspectPage::saveCsv);
    connect(&m_session, &Session::opened, this, [this](Side side) {
        updateSides();
        if (side == m_side)
            reopen();
    });
    connect(&m_session, &Session::selectionChanged, this, &InspectPage::followSelection);
    connect(&m_session, &Session::statisticsChanged, this, [this](Side side) {
        if (side != m_side)
            return;
        m_view->viewport()->update();
        if (m_session.statisticsMilliseconds(side) > 0)
            updateSafety();
        updateStatus();
    });
    updateSides();
    reopen();
}

QWidget *InspectPage::toolBarWidget()
{
    return m_toolBar;
}

QWidget *InspectPage::statusWidget()
{
    return m_status;
}

QWidget *InspectPage::makeTree()
{
    m_treeStack = new QStackedWidget;
    m_treeStack->setMinimumWidth(240);
    m_treeStack->setAutoFillBackground(true);
    m_treeStack->setBackgroundRole(QPalette::Base);
    m_view = new TensorView(*m_model, *m_sparklines);
    m_view->setModel(m_shown);
    m_treeStack->addWidget(m_view);
    m_noHits = new EmptyState(QStringLiteral("search"));
    auto *clear = new PageButton(PageButton::Look::Outlined, tr("Clear filter"));
    m_noHits->addButton(clear);
    m_treeStack->addWidget(m_noHits);
    connect(clear, &QAbstractButton::clicked, this, [this] { m_toolBar->setFilter({}); });
    connect(m_noHits, &EmptyState::linkActivated, this, [this] { m_toolBar->setFilter(m_closest); });
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, &InspectPage::followCurrent);
    return m_treeStack;
}

QWidget *InspectPage::makeSide()
{
    auto *column = onBase();
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    m_tensor = new TensorPanel;
    m_metadata = new FileMetadataPanel;
    m_safety = new FileSafetyPanel;
    layout->addWidget(m_tensor);
    layout->addWidget(m_metadata);
    layout->addWidget(m_safety);
    layout->addStretch(1);
    QScrollArea *area = scrolling(column);
    area->setMinimumWidth(240);
    return area;
}

void InspectPage::updateSides()
{
    for (const Side side : {Side::Source, Side::Target})
        m_toolBar->setFile(side, m_session.name(side), m_session.checkpoint(side) != nullptr || side == m_side);
    // One file only: show that one. Of a pair, the source, whichever was read first.
    const bool source = m_session.checkpoint(Side::Source) != nullptr, target = m_session.checkpoint(Side::Target) != nullptr;
    if (!source && !target)
        m_sideChosen = false;
    if (source != target || (source && !m_sideChosen))
        showSide(source ? Side::Source : Side::Target);
}

void InspectPage::showSide(Side side)
{
    if (side == m_side)
        return;
    m_side = side;
    m_toolBar->setSide(side);
    reopen();
}

void InspectPage::setFolded(bool folded)
{
    m_toolBar->setFolded(folded);
}

void InspectPage::setFilter(const QString &text)
{
    m_toolBar->setFilter(text);
}

bool InspectPage::focusFilter()
{
    m_toolBar->focusFilter();
    return true;
}

void InspectPage::activated()
{
    followSelection();
}

void InspectPage::reopen()
{
    m_checkpoint = m_session.checkpoint(m_side);
    m_stack->setCurrentIndex(m_checkpoint ? 1 : 0);
    m_toolBar->setOpen(m_checkpoint != nullptr);
    allow(m_save, m_checkpoint != nullptr);
    m_sparklines->setCheckpoint(m_checkpoint);
    m_metadata->setCheckpoint(m_checkpoint);
    m_model->setTree(m_side, m_checkpoint, nullptr);
    m_values = m_bytes = 0;
    showNothingSelected();
    updateSafety();
    if (m_checkpoint) {
        for (const TensorEntry &tensor : m_checkpoint->tensors()) {
            m_values += tensor.elements();
            m_bytes += tensor.bytes();
        }
        m_dtypes = dtypesText(m_checkpoint->schema());
        buildTree();
    } else if (const QString error = m_session.openError(m_side); !error.isEmpty()) {
        m_empty->setText(tr("This file was not opened"), error);
    } else {
        m_empty->setText(tr("Open a file to see what is in it"),
                         tr("Keys, shapes, sizes, histograms and metadata appear here. Nothing in a file is executed."));
    }
    updateStatus();
}

void InspectPage::buildTree()
{
    if (!m_checkpoint)
        return;
    m_session.jobs().start(
        this, QStringLiteral("tree"), tr("Listing keys"),
        [checkpoint = m_checkpoint, folding = m_toolBar->isFolded() ? Folding::Folded : Folding::Unfolded](const Progress &) {
            return std::make_shared<const TensorTree>(buildTensorTree(checkpoint->schema(), folding));
        },
        [this](std::shared_ptr<const TensorTree> tree) { adopt(std::move(tree)); });
}

void InspectPage::adopt(std::shared_ptr<const TensorTree> tree)
{
    m_sparklines->forgetRows();
    m_shown->setAccepted({});
    m_model->setTree(m_side, m_checkpoint, std::move(tree));
    // Long lists of top rows stay closed; a network's few parts are opened.
    if (m_model->rowCount() <= 12)
        m_view->expandToDepth(0);
    if (!m_toolBar->filter().isEmpty())
        applyFilter();
    followSelection();
}

void InspectPage::applyFilter()
{
    const KeyFilter filter(m_toolBar->filter());
    m_filtered = !filter.isEmpty() || !filter.error().isEmpty();
    if (!m_model->tree() || !m_checkpoint)
        return;
    if (!filter.error().isEmpty()) {
        m_noHits->setText(tr("This filter cannot be read"), filter.error());
        m_treeStack->setCurrentIndex(1);
        return;
    }
    if (filter.isEmpty()) {
        m_shown->setAccepted({});
        m_treeStack->setCurrentIndex(0);
        followSelection();
        updateStatus();
        return;
    }
    m_session.jobs().start(
        this, QStringLiteral("filter"), tr("Filtering keys"),
        [checkpoint = m_checkpoint, tree = m_model->sharedTree(), filter](const Progress &) {
            return findKeyHits(*checkpoint, *tree, filter);
        },
        [this](KeyHits hits) { showFiltered(std::move(hits)); });
}

void InspectPage::showFiltered(KeyHits hits)
{
    m_hits = hits.count;
    m_closest = hits.closest;
    if (!m_model->tree() || hits.accepted.size() != m_model->tree()->nodes.size())
        return;
    m_shown->setAccepted(std::move(hits.accepted));
    if (m_hits == 0)
        m_noHits->setText(tr("No key matches “%1”").arg(m_toolBar->filter()),
                          m_closest.isEmpty() ? QString() : tr("Closest: <a href=\"%1\">%1</a>").arg(m_closest.toHtmlEscaped()));
    m_treeStack->setCurrentIndex(m_hits == 0 ? 1 : 0);
    if (m_hits > 0 && m_hits <= expandHits)
        m_view->expandAll();
    updateStatus();
}

void InspectPage::selectTensor(std::uint32_t tensor)
{
    m_session.selectTensors(m_side, {tensor});
}

void InspectPage::followSelection()
{
    if (!m_model->tree() || m_quiet)
        return;
    const Selection &selection = m_session.selection();
    const auto &tensors = m_side == Side::Source ? selection.source : selection.target;
    if (tensors.empty() || tensors.front() >= m_model->tree()->leafOf.size())
        return;
    const std::uint32_t node = m_model->tree()->leafOf[tensors.front()];
    const QModelIndex index = m_shown->mapFromSource(m_model->indexOf(node));
    if (index.isValid() && index != m_view->currentIndex().siblingAtColumn(0)) {
        m_quiet = true;
        m_view->setCurrentIndex(index);
        m_view->scrollTo(index);
        m_quiet = false;
    }
    read(tensors.front());
}

void InspectPage::followCurrent()
{
    const QModelIndex index = m_shown->mapToSource(m_view->currentIndex());
    if (!index.isValid() || !m_model->tree() || m_quiet)
        return;
    const TensorTree::Node &node = m_model->tree()->nodes[m_model->nodeAt(index)];
    m_quiet = true;
    if (node.isLeaf()) {
        m_session.selectTensors(m_side, node.tensors);
        m_quiet = false;
        read(node.tensors.front());
        return;
    }
    m_quiet = false;
    showNothingSelected();
    m_tensor->setGroup(keyText(node.path), node.keys, node.values, node.bytes);
}

void InspectPage::read(std::uint32_t tensor)
{
    if (!m_checkpoint || !isVisible())
        return;
    m_session.jobs().start(
        this, QStringLiteral("read"), tr("Counting values"),
        [checkpoint = m_checkpoint, tensor](const Progress &progress) { return readTensor(*checkpoint, tensor, progress); },
        [this](const TensorReading &reading) { showReading(reading); });
}

void InspectPage::showNothingSelected()
{
    m_blocks->clear(m_side);
    m_tensor->setTensor(m_checkpoint, m_side, std::nullopt);
}

void InspectPage::showReading(const TensorReading &reading)
{
    if (!m_checkpoint || reading.tensor >= m_checkpoint->tensors().size())
        return;
    m_blocks->setReading(reading, m_side, m_checkpoint->hasValues());
    m_tensor->setTensor(m_checkpoint, m_side, reading);
}

void InspectPage::updateSafety()
{
    std::optional<quint64> unusual;
    if (m_checkpoint && m_session.statisticsCount(m_side) == m_checkpoint->tensors().size() && m_checkpoint->hasValues()) {
        unusual = 0;
        for (std::uint32_t i = 0; i < m_checkpoint->tensors().size(); ++i)
            if (const Statistics *s = m_session.statistics(m_side, i))
                *unusual += s->nans + s->infinities;
    }
    m_safety->setCheckpoint(m_checkpoint, unusual);
}

void InspectPage::updateStatus()
{
    if (!m_checkpoint) {
        m_status->setState({}, tr("Nothing is open"), Status::None);
        m_status->setFacts({}, {});
        return;
    }
    const std::size_t tensors = m_checkpoint->tensors().size(), measured = m_session.statisticsCount(m_side);
    const bool filtered = m_filtered && m_treeStack->currentIndex() == 0;
    m_status->setState(
        {}, filtered ? tr("%1 of %2 tensors").arg(countText(m_hits), countText(tensors)) : tr("%1 tensors").arg(countText(tensors)),
        Status::None);
    QStringList right;
    if (!m_checkpoint->hasValues())
        right << tr("Schema: no values");
    else if (const double milliseconds = m_session.statisticsMilliseconds(m_side); milliseconds > 0)
        right << tr("Statistics %1 of %2 in %3").arg(countText(measured), countText(tensors), durationText(milliseconds));
    else
        right << tr("Statistics %1 of %2").arg(countText(measured), countText(tensors));
    right << tr("Read without executing");
    m_status->setFacts({tr("%1 values").arg(countText(m_values)),
                        m_checkpoint->hasValues() ? QStringLiteral("%1, %2").arg(bytesText(m_bytes), m_dtypes) : m_dtypes},
                       right);
}

void InspectPage::saveCsv()
{
    if (!m_checkpoint)
        return;
    const QString folder = m_session.settings().lastFolder(QStringLiteral("export"));
    const QString name = QFileInfo(m_session.name(m_side)).completeBaseName() + QStringLiteral("-statistics.csv");
    const QString file
        = QFileDialog::getSaveFileName(this, tr("Save statistics"), folder + QLatin1Char('/') + name, tr("Comma-separated values (*.csv)"));
    if (file.isEmpty())
        return;
    m_session.settings().setLastFolder(QStringLiteral("export"), QFileInfo(file).absolutePath());
    // What the filter shows is what is saved.
    std::vector<std::uint32_t> tensors;
    const KeyFilter filter(m_toolBar->filter());
    for (std::uint32_t i = 0; i < m_checkpoint->tensors().size(); ++i)
        if (filter.isEmpty() || filter.matches(m_checkpoint->schema().tensors[i], Status::None))
            tensors.push_back(i);
    Job *job = m_session.jobs().start(
        this, QStringLiteral("csv"), tr("Saving statistics"),
        [checkpoint = m_checkpoint, tensors = std::move(tensors), file](const Progress &progress) {
            writeStatisticsCsv(*checkpoint, tensors, file.toStdString(), progress);
            return true;
        },
        [this, file](bool) { m_notice->saved(file); });
    connect(job, &Job::failed, m_notice, [this](const QString &error) { m_notice->say(error, true); });
}

void InspectPage::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange && m_checkpoint)
        updateSafety();
    Room::changeEvent(event);
}

} // namespace rekey::ui
