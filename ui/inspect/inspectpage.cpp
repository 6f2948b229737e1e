// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/inspectpage.h"

#include "ui/inspect/csvexport.h"
#include "ui/inspect/filepanel.h"
#include "ui/inspect/smallmultiples.h"
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
#include "ui/views/maptoolbar.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/settings.h"
#include "ui/window/statusline.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>
#include <map>

namespace rekey::ui {

namespace {

constexpr int filterDelay = 80;
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
    , m_filterDelay(new QTimer(this))
    , m_stack(new QStackedWidget(this))
{
    m_status->hide();
    m_shown->setSourceModel(m_model);
    m_filterDelay->setSingleShot(true);
    m_filterDelay->setInterval(filterDelay);
    m_toolBar = makeToolBar();
    m_toolBar->setParent(this);
    m_toolBar->hide();

    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    m_empty = new EmptyState(QStringLiteral("inspect"));
    m_stack->addWidget(m_empty);
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(makeTree());
    splitter->addWidget(makeMultiples());
    splitter->addWidget(makeSide());
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    splitter->setStretchFactor(2, 0);
    splitter->setSizes({690, 444, sideWidth});
    m_stack->addWidget(splitter);

    connect(m_filterDelay, &QTimer::timeout, this, &InspectPage::applyFilter);
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

QWidget *InspectPage::statusWidget()
{
    return m_status;
}

QWidget *InspectPage::makeToolBar()
{
    auto *bar = new QWidget(this);
    auto *layout = new QHBoxLayout(bar);
    layout->setContentsMargins(12, 0, 12, 0);
    layout->setSpacing(8);
    bar->installEventFilter(this);
    m_sides = new SegmentedSwitch({{tr("Source"), QStringLiteral("source"), {}}, {tr("Target"), QStringLiteral("target"), {}}}, bar);
    m_sides->setAccessibleName(tr("Side"));
    m_fold = new PageButton(PageButton::Look::Outlined, tr("Fold repeated blocks"), QStringLiteral("repeat"), bar);
    m_fold->setCheckable(true);
    m_fold->setToolTip(tr("Show blocks that are alike once"));
    m_filter = new FilterField(tr("Filter keys, shapes, dtypes"), bar);
    m_filter->setAccessibleName(tr("Filter"));
    m_filter->setToolTip(tr("Parts of keys, /regular expression/, dtype:F32, shape:480x160, shape:*x160"));
    m_filter->setMaximumWidth(304);
    m_filter->setMinimumWidth(160);
    m_save = new PageButton(PageButton::Look::Outlined, tr("Save as CSV…"), QStringLiteral("export"), bar);
    layout->addWidget(m_sides);
    layout->addWidget(m_fold);
    layout->addStretch(1);
    layout->addWidget(m_filter, 3);
    layout->addWidget(m_save);
    connect(m_sides, &SegmentedSwitch::currentChanged, this, [this](int index) {
        const Side side = index == 0 ? Side::Source : Side::Target;
        m_sideChosen = m_sideChosen || side != m_side;
        showSide(side);
    });
    connect(m_fold, &QAbstractButton::toggled, this, &InspectPage::buildTree);
    connect(m_filter, &QLineEdit::textChanged, m_filterDelay, qOverload<>(&QTimer::start));
    connect(m_save, &QAbstractButton::clicked, this, &InspectPage::saveCsv);
    auto *save = new QAction(icon(QStringLiteral("export")), tr("Save statistics as CSV…"), this);
    connect(save, &QAction::triggered, this, &InspectPage::saveCsv);
    m_actions << save;
    return bar;
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
    connect(clear, &QAbstractButton::clicked, m_filter, &QLineEdit::clear);
    connect(m_noHits, &EmptyState::linkActivated, this, [this] { m_filter->setText(m_closest); });
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, &InspectPage::followCurrent);
    return m_treeStack;
}

QWidget *InspectPage::makeMultiples()
{
    auto *column = onBase();
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    m_multiplesHead = new PanelHeader({}, QStringLiteral("histogram"));
    m_multiples = new SmallMultiples;
    auto *content = onBase();
    auto *inner = new QVBoxLayout(content);
    inner->setContentsMargins(0, 0, 0, 16);
    inner->setSpacing(12);
    inner->addWidget(m_multiples);
    auto *notes = new QWidget;
    auto *row = new QHBoxLayout(notes);
    row->setContentsMargins(24, 0, 16, 0);
    row->setSpacing(8);
    m_notesIcon = new QLabel;
    m_notes = new QLabel;
    m_notes->setFont(secondaryFont());
    m_notes->setWordWrap(true);
    m_notes->setForegroundRole(QPalette::PlaceholderText);
    row->addWidget(m_notesIcon, 0, Qt::AlignTop);
    row->addWidget(m_notes, 1);
    inner->addWidget(notes);
    inner->addStretch(1);
    layout->addWidget(m_multiplesHead);
    layout->addWidget(scrolling(content), 1);
    column->setMinimumWidth(280);
    connect(m_multiples, &SmallMultiples::chosen, this, &InspectPage::selectTensor);
    return column;
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
    for (const Side side : {Side::Source, Side::Target}) {
        const bool source = side == Side::Source;
        const QString name = m_session.name(side);
        const QString word = source ? tr("Source") : tr("Target");
        m_sides->setChoice(source ? 0 : 1, {name.isEmpty() ? word : name, source ? QStringLiteral("source") : QStringLiteral("target"),
                                            name.isEmpty() ? tr("%1: nothing is open").arg(word) : word + QStringLiteral(": ") + name});
        m_sides->setChoiceEnabled(source ? 0 : 1, m_session.checkpoint(side) != nullptr || side == m_side);
    }
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
    m_sides->setChoiceEnabled(side == Side::Source ? 0 : 1, true);
    m_sides->setCurrent(side == Side::Source ? 0 : 1);
    reopen();
}

void InspectPage::setFolded(bool folded)
{
    m_fold->setChecked(folded);
}

void InspectPage::setFilter(const QString &text)
{
    m_filter->setText(text);
}

bool InspectPage::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
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
    m_save->setEnabled(m_checkpoint != nullptr);
    m_fold->setEnabled(m_checkpoint != nullptr);
    m_actions.first()->setEnabled(m_checkpoint != nullptr && isVisible());
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
        m_empty->setText(tr("Open a file to see what is in it"), tr("Keys, shapes, sizes, histograms and metadata appear here. Nothing in a file is executed."));
    }
    updateStatus();
}

void InspectPage::buildTree()
{
    if (!m_checkpoint)
        return;
    m_session.jobs().start(
        this, QStringLiteral("tree"), tr("Listing keys"),
        [checkpoint = m_checkpoint, folding = m_fold->isChecked() ? Folding::Folded : Folding::Unfolded](const Progress &) {
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
    if (!m_filter->text().isEmpty())
        applyFilter();
    followSelection();
}

void InspectPage::applyFilter()
{
    const KeyFilter filter(m_filter->text());
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
    struct Hits { std::vector<bool> accepted; quint64 count = 0; QString closest; };
    m_session.jobs().start(
        this, QStringLiteral("filter"), tr("Filtering keys"),
        [checkpoint = m_checkpoint, filter, leafOf = m_model->tree()->leafOf, nodes = m_model->tree()->nodes.size(),
         parents = [this] {
             std::vector<std::uint32_t> result;
             for (const TensorTree::Node &node : m_model->tree()->nodes)
                 result.push_back(node.parent);
             return result;
         }()](const Progress &) {
            Hits hits;
            hits.accepted.resize(nodes);
            const auto &tensors = checkpoint->schema().tensors;
            for (std::size_t i = 0; i < tensors.size(); ++i) {
                if (!filter.matches(tensors[i], Status::None))
                    continue;
                ++hits.count;
                for (std::uint32_t node = leafOf[i]; node != 0 && !hits.accepted[node]; node = parents[node])
                    hits.accepted[node] = true;
            }
            if (hits.count == 0)
                if (const auto closest = closestTerm(filter.text(), checkpoint->schema()))
                    hits.closest = closest->term;
            return hits;
        },
        [this](Hits hits) { showFiltered(std::move(hits.accepted), hits.count, hits.closest); });
}

void InspectPage::showFiltered(std::vector<bool> accepted, quint64 hits, const QString &closest)
{
    m_hits = hits;
    m_closest = closest;
    if (!m_model->tree() || accepted.size() != m_model->tree()->nodes.size())
        return;
    m_shown->setAccepted(std::move(accepted));
    if (hits == 0)
        m_noHits->setText(tr("No key matches “%1”").arg(m_filter->text()),
                          closest.isEmpty() ? QString() : tr("Closest: <a href=\"%1\">%1</a>").arg(closest.toHtmlEscaped()));
    m_treeStack->setCurrentIndex(hits == 0 ? 1 : 0);
    if (hits > 0 && hits <= expandHits)
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
    m_multiplesHead->setTitle(tr("Blocks"));
    m_multiplesHead->setDetail({});
    m_multiples->setReading(std::nullopt, m_side);
    m_notesIcon->clear();
    m_notes->setText(tr("Select a key to see its values in every block."));
    m_tensor->setTensor(m_checkpoint, m_side, std::nullopt);
}

void InspectPage::showReading(const TensorReading &reading)
{
    if (!m_checkpoint || reading.tensor >= m_checkpoint->tensors().size())
        return;
    const std::size_t blocks = reading.family.members.size();
    const QString parts = reading.family.parts.size() == 3 ? tr("split in three on dim 0") : reading.family.parts.size() == 2 ? tr("split in two on dim 0") : QString();
    m_multiplesHead->setTitle(keyText(reading.family.leaf));
    QStringList detail;
    if (blocks > 1)
        detail << tr("in %1 blocks").arg(countText(blocks));
    if (!parts.isEmpty())
        detail << parts;
    m_multiplesHead->setDetail(detail.join(QStringLiteral(", ")));
    m_multiples->setReading(reading, m_side);

    QStringList notes;
    if (reading.family.parts.size() == 3)
        notes << tr("q, k and v are the thirds of dim 0.");
    else if (reading.family.parts.size() == 2)
        notes << tr("k and v are the halves of dim 0.");
    if (blocks == 1)
        notes << tr("This tensor has no counterpart in other blocks.");
    for (const std::string &note : reading.family.notes)
        notes << keyText(note);
    if (!m_checkpoint->hasValues())
        notes = QStringList{tr("A schema has no values to show.")};
    m_notes->setText(notes.join(QLatin1Char(' ')));
    m_notesIcon->setPixmap(notes.isEmpty() ? QPixmap() : iconPixmap(QStringLiteral("info"), 16, devicePixelRatioF(), Theme::of(palette()).accent));
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
    m_status->setState({}, filtered ? tr("%1 of %2 tensors").arg(countText(m_hits), countText(tensors)) : tr("%1 tensors").arg(countText(tensors)), Status::None);
    QStringList right;
    if (!m_checkpoint->hasValues())
        right << tr("Schema: no values");
    else if (const double milliseconds = m_session.statisticsMilliseconds(m_side); milliseconds > 0)
        right << tr("Statistics %1 of %2 in %3").arg(countText(measured), countText(tensors), durationText(milliseconds));
    else
        right << tr("Statistics %1 of %2").arg(countText(measured), countText(tensors));
    right << tr("Read without executing");
    m_status->setFacts({tr("%1 values").arg(countText(m_values)), m_checkpoint->hasValues() ? QStringLiteral("%1, %2").arg(bytesText(m_bytes), m_dtypes) : m_dtypes}, right);
}

void InspectPage::saveCsv()
{
    if (!m_checkpoint)
        return;
    const QString folder = m_session.settings().lastFolder(QStringLiteral("export"));
    const QString name = QFileInfo(m_session.name(m_side)).completeBaseName() + QStringLiteral("-statistics.csv");
    const QString file = QFileDialog::getSaveFileName(this, tr("Save statistics"), folder + QLatin1Char('/') + name, tr("Comma-separated values (*.csv)"));
    if (file.isEmpty())
        return;
    m_session.settings().setLastFolder(QStringLiteral("export"), QFileInfo(file).absolutePath());
    // What the filter shows is what is saved.
    std::vector<std::uint32_t> tensors;
    const KeyFilter filter(m_filter->text());
    for (std::uint32_t i = 0; i < m_checkpoint->tensors().size(); ++i)
        if (filter.isEmpty() || filter.matches(m_checkpoint->schema().tensors[i], Status::None))
            tensors.push_back(i);
    Job *job = m_session.jobs().start(
        this, QStringLiteral("csv"), tr("Saving statistics"),
        [checkpoint = m_checkpoint, tensors = std::move(tensors), file](const Progress &progress) {
            writeStatisticsCsv(*checkpoint, tensors, file.toStdString(), progress);
            return true;
        },
        [this, file](bool) { m_status->setState(QStringLiteral("check"), tr("Saved %1").arg(QFileInfo(file).fileName()), Status::Proven); });
    connect(job, &Job::failed, this, [this](const QString &error) { m_status->setState(QStringLiteral("error"), error, Status::Missing); });
}

bool InspectPage::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_toolBar && event->type() == QEvent::Resize) {
        // Narrow windows: texts fold to icons, so that the filter keeps its room.
        const bool folded = m_toolBar->width() < 900;
        m_fold->setText(folded ? QString() : tr("Fold repeated blocks"));
        m_fold->setAccessibleName(tr("Fold repeated blocks"));
        m_save->setText(folded ? QString() : tr("Save as CSV…"));
        m_save->setAccessibleName(tr("Save as CSV…"));
        m_save->setToolTip(folded ? tr("Save as CSV…") : QString());
        m_fold->updateGeometry();
        m_save->updateGeometry();
    }
    return Room::eventFilter(watched, event);
}

void InspectPage::showEvent(QShowEvent *event)
{
    Room::showEvent(event);
    m_actions.first()->setEnabled(m_checkpoint != nullptr);
}

void InspectPage::hideEvent(QHideEvent *event)
{
    Room::hideEvent(event);
    m_actions.first()->setEnabled(false);
}

void InspectPage::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange && m_checkpoint)
        updateSafety();
    Room::changeEvent(event);
}

} // namespace rekey::ui
