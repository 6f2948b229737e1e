// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/keysonly.h"
#include "core/inspect/keytree.h"
#include "core/inspect/statistics.h"
#include "ui/document/mappingdocument.h"

#include <QObject>
#include <QPointer>
#include <QString>
#include <QStringList>

#include <filesystem>
#include <memory>
#include <optional>

namespace rekey::ui {

class Job;
class Jobs;
class Settings;

enum class Side : quint8 { Source, Target };

/// What is selected, anywhere in the window. Tensor indices of each side's schema, and a rule index (or none).
struct Selection
{
    std::vector<std::uint32_t> source;
    std::vector<std::uint32_t> target;
    std::uint32_t rule = none;
    bool operator==(const Selection &) const = default;
};

/// Why a file could not be opened, in the parts of core's Error.
struct OpenFailure
{
    QString file, part, reason;
    QString sentence; ///< all of it
    std::shared_ptr<const KeysOnly> keys; ///< what its headers still list; null when they say nothing
};

/// What is open, and what is selected in it. Views do not talk to each other; they share this. GUI thread only.
class Session : public QObject
{
    Q_OBJECT
public:
    Session(Jobs &jobs, Settings &settings, QObject *parent = nullptr);
    ~Session() override;

    Jobs &jobs() const { return m_jobs; }
    Settings &settings() const { return m_settings; }
    MappingDocument &document() { return *m_document; }

    CheckpointPtr checkpoint(Side side) const;   ///< null when none is open
    QString openError(Side side) const;          ///< why the last open failed; empty otherwise
    std::filesystem::path path(Side side) const; ///< of the open or failed file
    const OpenFailure *failure(Side side) const; ///< null when the last open did not fail
    /// "sam_tiny.pth", with its folder where the file is called what all of them are; empty when nothing is open.
    QString name(Side side) const;
    QString stem(Side side) const;               ///< "sam_tiny": for the names of files that are made from it
    bool isOpening(Side side) const;
    bool hasPair() const;
    /// Folded; built with the opening. Null when nothing is open.
    std::shared_ptr<const KeyTree> keyTree(Side side) const;

    void open(Side side, const std::filesystem::path &path);      ///< asynchronous
    void openSchema(Side side, const CheckpointPtr &checkpoint);  ///< an architecture's own schema
    void openKeysOnly(Side side);                                 ///< what failure() still lists, without values
    void chooseRoot(Side side, const Root &root);
    void close(Side side);
    void openPair(const std::filesystem::path &source, const std::filesystem::path &target);
    /// Both sides at once, on this thread: small values in tests. No suggestion runs.
    void setCheckpoints(const CheckpointPtr &source, const CheckpointPtr &target);
    /// Lists the side's files anew, with the rules as they are.
    void reopen(Side side);
    /// Rules of a saved mapping, for the open pair or the next one. Asynchronous; `failed` says what could not be read,
    /// `mappingDoubted` asks when it was made for another pair.
    void openMapping(const std::filesystem::path &path);
    /// The doubted mapping after all: from now on it is this pair's.
    void applyDoubtedMapping();

    /// Proposes rules in the background, as one undo step; rules that are accepted stay. Runs by itself when a pair is
    /// complete and no mapping was loaded.
    void suggestAgain();
    bool isSuggesting() const;
    const QString &suggestionText() const { return m_suggestionText; } ///< "93 pairs proven by value in 0.14 s"
    void openDemo();                             ///< both sides, the demo's photos
    bool isDemo() const { return m_demo; }

    const Selection &selection() const { return m_selection; }
    /// Selecting on one side selects the partners on the other through the resolution.
    void selectTensors(Side side, std::vector<std::uint32_t> tensors);
    void selectRule(std::uint32_t rule);

    /// Statistics computed in the background after opening; null until there.
    const Statistics *statistics(Side side, std::uint32_t tensor) const;
    std::size_t statisticsCount(Side side) const; ///< how many are there
    double statisticsMilliseconds(Side side) const; ///< how long all of them took; 0 until they are there

Q_SIGNALS:
    void opened(Side side);        ///< also after close and failure: look again
    void selectionChanged();
    void statisticsChanged(Side side);
    void demoChanged();
    void suggestingChanged();
    void failed(const QString &sentence); ///< of anything but opening a side
    void mappingDoubted(const QString &sentence); ///< made for another pair, and not applied yet
    void changedOnDisk(Side side, const QString &sentence); ///< somebody else wrote to or removed an open file

private:
    void adopt(Side side, CheckpointPtr checkpoint, std::shared_ptr<const KeyTree> tree);
    void pairMayBeComplete();
    void suggestInto(bool first);
    void offerMapping();
    void adoptMapping(Mapping mapping, const std::filesystem::path &path);
    void selectPartners(Side from);
    void followResolution();
    struct SideState;
    SideState &state(Side side) const { return *m_sides[static_cast<int>(side)]; }

    Jobs &m_jobs;
    Settings &m_settings;
    std::unique_ptr<MappingDocument> m_document;
    Selection m_selection;
    bool m_demo = false;
    /// A mapping that waits for its pair, or for a person's yes.
    struct WaitingMapping
    {
        Mapping mapping;
        std::filesystem::path path;
        bool ofThisPair = false; ///< needs no check
        bool doubted = false;    ///< checked, and not for what is open
    };
    std::optional<WaitingMapping> m_waiting;
    QPointer<Job> m_suggesting;
    QString m_suggestionText;
    std::unique_ptr<SideState> m_sides[2];
};

} // namespace rekey::ui
