// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/session.h"

#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "core/suggest/suggest.h"
#include "ui/document/filewatch.h"
#include "ui/document/sidestatistics.h"
#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/window/settings.h"

#include <QElapsedTimer>
#include <QFileInfo>
#include <QRegularExpression>

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <variant>

namespace rekey::ui {

namespace {

struct Opened
{
    CheckpointPtr checkpoint;
    std::shared_ptr<const KeyTree> tree;
};

OpenFailure describe(const std::filesystem::path &path, const std::exception &error, const Progress &progress)
{
    OpenFailure failure{QString::fromStdString(path.filename().string()), {}, {}, QString::fromUtf8(error.what()), nullptr};
    try {
        failure.keys = std::make_shared<const KeysOnly>(readKeysOnly(path, progress));
    } catch (const Error &) {
        // Then the failure is all there is to say.
    }
    if (const auto *known = dynamic_cast<const Error *>(&error)) {
        failure.part = QString::fromStdString(known->part());
        failure.reason = QString::fromStdString(known->reason());
    } else {
        failure.reason = failure.sentence;
    }
    return failure;
}

std::shared_ptr<const Schema> schemaOf(const CheckpointPtr &checkpoint)
{
    // Shares the checkpoint's life.
    return checkpoint ? std::shared_ptr<const Schema>(checkpoint, &checkpoint->schema()) : nullptr;
}

Opened withTree(CheckpointPtr checkpoint)
{
    auto tree = std::make_shared<const KeyTree>(buildKeyTree(checkpoint->schema(), Folding::Folded));
    return {std::move(checkpoint), std::move(tree)};
}

/// What hubs call every model's file, or a part of one.
bool isUsualName(const QString &file)
{
    static const QRegularExpression usual(QStringLiteral("^(model|pytorch_model|diffusion_pytorch_model|adapter_model)([.-]|$)"));
    return usual.match(file).hasMatch();
}

/// Each once, in the order of the first: partners stand beside each other in both lists of a selection.
void keepFirst(std::vector<std::uint32_t> &values)
{
    std::unordered_set<std::uint32_t> seen;
    std::erase_if(values, [&seen](std::uint32_t value) { return !seen.insert(value).second; });
}

} // namespace

struct Session::SideState
{
    CheckpointPtr checkpoint;
    std::shared_ptr<const KeyTree> tree;
    std::optional<OpenFailure> failure;
    std::filesystem::path path;
    std::unique_ptr<SideStatistics> statistics;
    FileWatch watch;
    QPointer<Job> opening;
};

Session::Session(Jobs &jobs, Settings &settings, QObject *parent)
    : QObject(parent)
    , m_jobs(jobs)
    , m_settings(settings)
    , m_document(std::make_unique<MappingDocument>(jobs, nullptr))
{
    for (const Side side : {Side::Source, Side::Target}) {
        auto &made = m_sides[static_cast<int>(side)];
        made = std::make_unique<SideState>();
        made->statistics = std::make_unique<SideStatistics>(jobs);
        connect(made->statistics.get(), &SideStatistics::changed, this, [this, side] { Q_EMIT statisticsChanged(side); });
        connect(&made->watch, &FileWatch::changed, this, [this, side](const QString &file) {
            Q_EMIT changedOnDisk(
                side, tr("%1 was changed by another program after it was opened. Its values may not be what is shown.").arg(file));
        });
        connect(&made->watch, &FileWatch::vanished, this, [this, side](const QString &file) {
            Q_EMIT changedOnDisk(side,
                                 tr("%1 was removed or renamed after it was opened. Its keys stay in sight; its values can be read only as "
                                    "long as it stays open.")
                                     .arg(file));
        });
    }
    connect(m_document.get(), &MappingDocument::resolutionChanged, this, &Session::followResolution);
}

Session::~Session()
{
    disconnect(m_document.get(), nullptr, this, nullptr);
    for (auto &side : m_sides) {
        side->statistics->cancel();
        if (side->opening)
            side->opening->cancel();
    }
    if (m_suggesting)
        m_suggesting->cancel();
}

CheckpointPtr Session::checkpoint(Side side) const { return state(side).checkpoint; }
QString Session::openError(Side side) const { return state(side).failure ? state(side).failure->sentence : QString(); }
std::filesystem::path Session::path(Side side) const { return state(side).path; }
const OpenFailure *Session::failure(Side side) const { return state(side).failure ? &*state(side).failure : nullptr; }
bool Session::isOpening(Side side) const { return !state(side).opening.isNull(); }
bool Session::hasPair() const { return checkpoint(Side::Source) && checkpoint(Side::Target); }
std::shared_ptr<const KeyTree> Session::keyTree(Side side) const { return state(side).tree; }
bool Session::isSuggesting() const { return !m_suggesting.isNull(); }

QString Session::name(Side side) const
{
    const SideState &s = state(side);
    const QString own = s.checkpoint ? keyText(s.checkpoint->name()) : QString::fromStdString(s.path.filename().string());
    const QString folder = QString::fromStdString(s.path.parent_path().filename().string());
    return isUsualName(own) && !folder.isEmpty() ? folder + QLatin1Char('/') + own : own;
}

QString Session::stem(Side side) const
{
    const QString whole = name(side);
    const qsizetype slash = whole.indexOf(QLatin1Char('/'));
    QString stem = slash > 0 ? whole.left(slash) : QFileInfo(whole).completeBaseName();
    return stem.replace(QLatin1Char(' '), QLatin1Char('_')).remove(QLatin1Char(','));
}

void Session::open(Side side, const std::filesystem::path &path)
{
    SideState &s = state(side);
    if (m_demo && path.parent_path() != demoFolder()) {
        m_demo = false;
        Q_EMIT demoChanged();
    }
    if (m_waiting && (m_waiting->doubted || (m_waiting->ofThisPair && path != s.path)))
        m_waiting.reset();
    // Done, but refused, is a value here: the other side stays open and the card says why.
    using Outcome = std::variant<Opened, OpenFailure>;
    s.opening = m_jobs.start(
        this, QStringLiteral("open%1").arg(static_cast<int>(side)), tr("Opening %1").arg(QString::fromStdString(path.filename().string())),
        [path](const Progress &progress) -> Outcome {
            try {
                return withTree(openCheckpoint(path, {}, progress));
            } catch (const Cancelled &) {
                throw;
            } catch (const std::exception &error) {
                return describe(path, error, progress);
            }
        },
        [this, side, path](Outcome outcome) {
            SideState &opened = state(side);
            opened.opening = nullptr;
            opened.path = path;
            if (auto *failure = std::get_if<OpenFailure>(&outcome)) {
                adopt(side, nullptr, nullptr);
                if (m_waiting && m_waiting->ofThisPair)
                    m_waiting.reset();
                opened.failure = std::move(*failure);
                opened.path = path;
                Q_EMIT this->opened(side);
                return;
            }
            auto &[checkpoint, tree] = std::get<Opened>(outcome);
            adopt(side, std::move(checkpoint), std::move(tree));
            opened.path = path;
            Q_EMIT this->opened(side);
            pairMayBeComplete();
        });
}

void Session::openSchema(Side side, const CheckpointPtr &checkpoint)
{
    state(side).opening = m_jobs.start(
        this, QStringLiteral("open%1").arg(static_cast<int>(side)), tr("Listing keys"),
        [checkpoint](const Progress &) { return withTree(checkpoint); },
        [this, side](Opened result) {
            state(side).opening = nullptr;
            adopt(side, std::move(result.checkpoint), std::move(result.tree));
            Q_EMIT opened(side);
            pairMayBeComplete();
        });
}

void Session::openKeysOnly(Side side)
{
    if (const OpenFailure *failed = failure(side); failed != nullptr && failed->keys)
        openSchema(side, checkpointFromSchema(failed->keys->schema));
}

void Session::chooseRoot(Side side, const Root &root)
{
    const CheckpointPtr current = checkpoint(side);
    if (!current)
        return;
    const std::filesystem::path path = state(side).path;
    state(side).opening = m_jobs.start(
        this, QStringLiteral("open%1").arg(static_cast<int>(side)), tr("Listing keys"),
        [current, root](const Progress &) { return withTree(current->atRoot(root)); },
        [this, side, path](Opened result) {
            state(side).opening = nullptr;
            adopt(side, std::move(result.checkpoint), std::move(result.tree));
            state(side).path = path;
            Q_EMIT opened(side);
            pairMayBeComplete();
        });
}

void Session::close(Side side)
{
    if (state(side).opening)
        state(side).opening->cancel();
    adopt(side, nullptr, nullptr);
    Q_EMIT opened(side);
}

void Session::openPair(const std::filesystem::path &source, const std::filesystem::path &target)
{
    close(Side::Target);
    open(Side::Source, source);
    open(Side::Target, target);
}

void Session::openDemo()
{
    try {
        const std::filesystem::path folder = demoFolder();
        m_demo = true;
        openPair(folder / "sam_tiny.pth", folder / "hf_sam_tiny_init");
        Q_EMIT demoChanged();
    } catch (const Error &error) {
        m_demo = false;
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
}

void Session::setCheckpoints(const CheckpointPtr &source, const CheckpointPtr &target)
{
    for (const Side side : {Side::Source, Side::Target}) {
        Opened result = withTree(side == Side::Source ? source : target);
        adopt(side, std::move(result.checkpoint), std::move(result.tree));
    }
    m_document->setPair(schemaOf(source), schemaOf(target));
    Q_EMIT opened(Side::Source);
    Q_EMIT opened(Side::Target);
}

void Session::adopt(Side side, CheckpointPtr checkpoint, std::shared_ptr<const KeyTree> tree)
{
    SideState &s = state(side);
    if (m_suggesting)
        m_suggesting->cancel();
    m_selection = {};
    s.failure.reset();
    s.checkpoint = std::move(checkpoint);
    s.tree = std::move(tree);
    s.path = s.checkpoint ? s.checkpoint->path() : std::filesystem::path();
    m_suggestionText.clear();
    m_document->clear();
    m_document->setPair(nullptr, nullptr);
    Q_EMIT selectionChanged();
    s.statistics->read(s.checkpoint, name(side));
    s.watch.watch(s.checkpoint ? s.checkpoint->files() : std::vector<std::filesystem::path>());
}

void Session::pairMayBeComplete()
{
    if (!hasPair())
        return;
    m_document->setPair(schemaOf(checkpoint(Side::Source)), schemaOf(checkpoint(Side::Target)));
    if (m_waiting)
        offerMapping();
    else
        suggestInto(true);
}

void Session::reopen(Side side)
{
    if (path(side).empty())
        return;
    if (hasPair())
        m_waiting = WaitingMapping{m_document->mapping(), m_document->file(), true};
    open(side, path(side));
}

void Session::openMapping(const std::filesystem::path &path)
{
    Job *job = m_jobs.start(
        this, QStringLiteral("mapping"), tr("Reading the mapping"), [path](const Progress &) { return loadMapping(path); },
        [this, path](Mapping mapping) {
            m_waiting = WaitingMapping{std::move(mapping), path};
            if (hasPair())
                offerMapping();
        });
    connect(job, &Job::failed, this, &Session::failed);
}

void Session::offerMapping()
{
    if (m_waiting->ofThisPair) {
        const WaitingMapping ready = *std::exchange(m_waiting, std::nullopt);
        adoptMapping(ready.mapping, ready.path);
        return;
    }
    Job *job = m_jobs.start(
        this, QStringLiteral("mapping"), tr("Checking the mapping"),
        [mapping = m_waiting->mapping, source = m_document->source(), target = m_document->target()](const Progress &) {
            return QString::fromStdString(checkApplies(mapping, resolve(mapping, *source, *target), *source, *target));
        },
        [this](const QString &doubt) {
            if (!m_waiting)
                return;
            if (doubt.isEmpty()) {
                const WaitingMapping ready = *std::exchange(m_waiting, std::nullopt);
                adoptMapping(ready.mapping, ready.path);
                return;
            }
            m_waiting->doubted = true;
            // Not applied unasked: until then the pair has what it had, or what is suggested for it.
            if (m_document->mapping().rules.empty() && !isSuggesting())
                suggestInto(true);
            Q_EMIT mappingDoubted(doubt);
        });
    connect(job, &Job::failed, this, [this](const QString &sentence) {
        m_waiting.reset();
        if (m_document->mapping().rules.empty() && hasPair() && !isSuggesting())
            suggestInto(true);
        Q_EMIT failed(sentence);
    });
}

void Session::adoptMapping(Mapping mapping, const std::filesystem::path &file)
{
    if (m_suggesting)
        m_suggesting->cancel();
    m_suggestionText.clear();
    m_document->load(std::move(mapping), file);
}

void Session::applyDoubtedMapping()
{
    if (!m_waiting || !hasPair())
        return;
    WaitingMapping ready = *std::exchange(m_waiting, std::nullopt);
    if (m_suggesting)
        m_suggesting->cancel();
    // One undo step on what is there; with it the mapping becomes this pair's.
    ready.mapping.sources = {describeSide(*m_document->source())};
    ready.mapping.target = describeSide(*m_document->target());
    m_document->change(std::move(ready.mapping), tr("Apply mapping"));
}

void Session::suggestAgain()
{
    if (hasPair())
        suggestInto(false);
}

void Session::suggestInto(bool first)
{
    std::vector<Rule> settled;
    if (!first) {
        std::copy_if(m_document->mapping().rules.begin(), m_document->mapping().rules.end(), std::back_inserter(settled),
                     [](const Rule &rule) { return rule.state == RuleState::Accepted; });
    }
    struct Suggested
    {
        Mapping mapping;
        double milliseconds = 0;
    };
    m_suggesting = m_jobs.start(
        this, QStringLiteral("suggest"), tr("Suggesting rules"),
        [source = checkpoint(Side::Source), target = checkpoint(Side::Target), settled = std::move(settled)](const Progress &progress) {
            QElapsedTimer timer;
            timer.start();
            SuggestOptions options;
            options.sourceValues = source->hasValues() ? source.get() : nullptr;
            options.targetValues = target->hasValues() ? target.get() : nullptr;
            options.settled = settled;
            Mapping mapping = suggest(source->schema(), target->schema(), options, progress);
            return Suggested{std::move(mapping), static_cast<double>(timer.nsecsElapsed()) / 1e6};
        },
        [this, first](Suggested suggested) {
            m_suggesting = nullptr;
            const auto &rules = suggested.mapping.rules;
            const auto proven = std::count_if(rules.begin(), rules.end(), [](const Rule &rule) { return rule.state == RuleState::Proven; });
            m_suggestionText
                = proven > 0
                      ? tr("%n rule(s) proven by value in %1", nullptr, static_cast<int>(proven)).arg(durationText(suggested.milliseconds))
                      : tr("%n rule(s) suggested in %1", nullptr, static_cast<int>(rules.size())).arg(durationText(suggested.milliseconds));
            if (first)
                m_document->load(std::move(suggested.mapping), {});
            else
                m_document->change(std::move(suggested.mapping), tr("Suggest again"));
            Q_EMIT suggestingChanged();
        });
    connect(m_suggesting, &Job::failed, this, &Session::failed);
    connect(m_suggesting, &Job::finished, this, &Session::suggestingChanged);
    Q_EMIT suggestingChanged();
}

const Statistics *Session::statistics(Side side, std::uint32_t tensor) const { return state(side).statistics->at(tensor); }
std::size_t Session::statisticsCount(Side side) const { return state(side).statistics->count(); }
double Session::statisticsMilliseconds(Side side) const { return state(side).statistics->milliseconds(); }

void Session::selectTensors(Side side, std::vector<std::uint32_t> tensors)
{
    Selection before = std::move(m_selection);
    m_selection = {};
    (side == Side::Source ? m_selection.source : m_selection.target) = std::move(tensors);
    selectPartners(side);
    if (!(before == m_selection))
        Q_EMIT selectionChanged();
}

void Session::selectRule(std::uint32_t rule)
{
    Selection next;
    next.rule = rule;
    const auto resolution = m_document->resolution();
    if (resolution && rule != none) {
        for (const Assignment &assignment : resolution->assignments) {
            if (assignment.rule != rule)
                continue;
            next.source.insert(next.source.end(), assignment.sources.begin(), assignment.sources.end());
            next.target.insert(next.target.end(), assignment.targets.begin(), assignment.targets.end());
        }
        for (std::uint32_t i = 0; i < resolution->sources.size(); ++i) {
            if (resolution->sources[i].rule == rule)
                next.source.push_back(i);
        }
        for (std::uint32_t i = 0; i < resolution->targets.size(); ++i) {
            if (resolution->targets[i].rule == rule)
                next.target.push_back(i);
        }
        keepFirst(next.source);
        keepFirst(next.target);
    }
    if (next == m_selection)
        return;
    m_selection = std::move(next);
    Q_EMIT selectionChanged();
}

void Session::selectPartners(Side from)
{
    const auto resolution = m_document->resolution();
    if (!resolution)
        return;
    std::vector<std::uint32_t> rules;
    if (from == Side::Source) {
        for (const std::uint32_t i : m_selection.source) {
            if (i >= resolution->sources.size())
                continue;
            rules.push_back(resolution->sources[i].rule);
            for (const std::uint32_t a : resolution->sources[i].assignments) {
                const auto &targets = resolution->assignments[a].targets;
                m_selection.target.insert(m_selection.target.end(), targets.begin(), targets.end());
            }
        }
        keepFirst(m_selection.target);
    } else {
        for (const std::uint32_t i : m_selection.target) {
            if (i >= resolution->targets.size())
                continue;
            rules.push_back(resolution->targets[i].rule);
            const std::uint32_t a = resolution->targets[i].assignment;
            if (a != none) {
                const auto &sources = resolution->assignments[a].sources;
                m_selection.source.insert(m_selection.source.end(), sources.begin(), sources.end());
            }
        }
        keepFirst(m_selection.source);
    }
    keepFirst(rules);
    m_selection.rule = rules.size() == 1 ? rules.front() : none;
}

void Session::followResolution()
{
    if (const auto resolution = m_document->resolution(); resolution && m_document->isResolved())
        m_settings.recordPair(path(Side::Source), path(Side::Target), name(Side::Source), name(Side::Target), *resolution);
    // Rule indices shift with every edit; what is selected on a side stays, its partners follow.
    if (m_selection == Selection{})
        return;
    const Side side = m_selection.source.empty() ? Side::Target : Side::Source;
    Selection before = m_selection;
    m_selection = {};
    (side == Side::Source ? m_selection.source : m_selection.target) = side == Side::Source ? before.source : before.target;
    selectPartners(side);
    if (!(before == m_selection))
        Q_EMIT selectionChanged();
}

} // namespace rekey::ui
