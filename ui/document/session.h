// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/inspect/statistics.h"
#include "ui/document/mappingdocument.h"

#include <QObject>
#include <QString>
#include <QStringList>

#include <filesystem>
#include <memory>

namespace rekey::ui {

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

    void open(Side side, const std::filesystem::path &path);      ///< asynchronous
    void openSchema(Side side, const CheckpointPtr &checkpoint);  ///< an architecture's own schema
    void chooseRoot(Side side, const Root &root);
    void close(Side side);
    void openDemo();                             ///< both sides, the demo's photos
    bool isDemo() const { return m_demo; }

    const Selection &selection() const { return m_selection; }
    /// Selecting on one side selects the partners on the other through the resolution.
    void selectTensors(Side side, std::vector<std::uint32_t> tensors);
    void selectRule(std::uint32_t rule);

    /// Statistics computed in the background after opening; null until there.
    const Statistics *statistics(Side side, std::uint32_t tensor) const;

Q_SIGNALS:
    void opened(Side side);        ///< also after close and failure: look again
    void selectionChanged();
    void statisticsChanged(Side side);
    void demoChanged();

private:
    Jobs &m_jobs;
    Settings &m_settings;
    std::unique_ptr<MappingDocument> m_document;
    Selection m_selection;
    bool m_demo = false;
    struct SideState;
    std::unique_ptr<SideState> m_sides[2];
};

} // namespace rekey::ui
