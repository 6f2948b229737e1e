// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"

#include <c10/core/impl/LocalDispatchKeySet.h>

namespace rekey {

/// While it lives, every operator that this thread calls through LibTorch's dispatcher first looks whether a stop was requested, and throws
/// then. What an interpreter makes of that exception is its own affair: ask progress.check() again where it arrives. (An observer of
/// operators, at::RecordFunction, would be the obvious way; but what one throws LibTorch only logs.)
class CancelBetweenOperators
{
public:
    explicit CancelBetweenOperators(const Progress &progress);
    ~CancelBetweenOperators();
    CancelBetweenOperators(const CancelBetweenOperators &) = delete;
    CancelBetweenOperators &operator=(const CancelBetweenOperators &) = delete;

private:
    const Progress *m_outer;
    c10::impl::IncludeDispatchKeyGuard m_included;
};

} // namespace rekey
