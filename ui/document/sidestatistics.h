// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/inspect/statistics.h"

#include <QObject>
#include <QPointer>

#include <memory>

namespace rekey::ui {

class Job;
class Jobs;

/// Statistics of one side's tensors, read in the background after opening. GUI thread only.
class SideStatistics : public QObject
{
    Q_OBJECT
public:
    explicit SideStatistics(Jobs &jobs, QObject *parent = nullptr);
    ~SideStatistics() override;

    /// Begins anew; null: forgets.
    void read(const CheckpointPtr &checkpoint, const QString &name);
    void cancel();
    const Statistics *at(std::uint32_t tensor) const; ///< null until it is there
    std::size_t count() const;                        ///< how many are there
    double milliseconds() const;                      ///< how long all of them took; 0 until they are there

Q_SIGNALS:
    void changed();

private:
    struct Store;
    Jobs &m_jobs;
    std::shared_ptr<Store> m_store;
    QPointer<Job> m_reading;
};

} // namespace rekey::ui
