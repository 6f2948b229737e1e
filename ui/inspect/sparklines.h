// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <QHash>
#include <QObject>

#include <array>
#include <cstdint>
#include <vector>

namespace rekey::ui {

class Jobs;

/// Small histograms of rows, counted in the background when a row is painted for the first time. What was asked last
/// is counted first, so that scrolling never waits for what has left the screen.
class Sparklines : public QObject
{
    Q_OBJECT
public:
    static constexpr std::size_t bins = 24;
    /// Heights from 0 to 255; all zero when there is nothing to show.
    using Bars = std::array<std::uint8_t, bins>;

    Sparklines(Jobs &jobs, QObject *parent = nullptr);

    /// Another checkpoint (may be null): forgets everything.
    void setCheckpoint(const CheckpointPtr &checkpoint);
    /// Of the tensors of row `id` together; null while they are being counted.
    const Bars *bars(std::uint32_t id, const std::vector<std::uint32_t> &tensors);
    void forgetRows(); ///< row ids mean something else now

Q_SIGNALS:
    void changed();

private:
    struct Request { std::uint32_t id; std::vector<std::uint32_t> tensors; };
    void start();

    Jobs &m_jobs;
    CheckpointPtr m_checkpoint;
    QHash<std::uint32_t, Bars> m_bars;
    std::vector<Request> m_requests;
    bool m_running = false, m_scheduled = false;
    quint64 m_generation = 0;
};

/// Bars of several tensors over one range.
Sparklines::Bars sparkline(const Checkpoint &checkpoint, const std::vector<std::uint32_t> &tensors);

} // namespace rekey::ui
