// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/operatorcancel.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <utility>

namespace rekey {

namespace {

// A key that LibTorch keeps for modes of this kind and gives no meaning of its own: what is registered for it runs first, and only where
// the key is included for the thread.
constexpr c10::DispatchKey key = c10::DispatchKey::TESTING_ONLY_GenericMode;

thread_local const Progress *current = nullptr;

void checked(const c10::OperatorHandle &op, c10::DispatchKeySet keys, torch::jit::Stack *stack)
{
    if (current != nullptr)
        current->check();
    op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, key), stack);
}

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library)
{
    library.fallback(torch::CppFunction::makeFromBoxedFunction<&checked>());
}

} // namespace

CancelBetweenOperators::CancelBetweenOperators(const Progress &progress)
    : m_outer(std::exchange(current, &progress))
    , m_included(key)
{
}

CancelBetweenOperators::~CancelBetweenOperators()
{
    current = m_outer;
}

} // namespace rekey
