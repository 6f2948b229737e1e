// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inspect/keytree.h"
#include "core/mapping/resolution.h"
#include "ui/document/session.h"
#include "ui/theme/theme.h"

#include <QString>

#include <vector>

namespace rekey::ui {

/// What a mapping makes of one key, for icons and words.
Status keyStatus(Side side, std::uint32_t tensor, const Resolution &resolution, const Mapping &mapping);
/// The same for every key of a side, by schema index.
std::vector<Status> keyStatuses(Side side, const Resolution &resolution, const Mapping &mapping);
/// The word and what belongs beside it: "suggested 0.98", "initialised: zeros", "dropped: buffer".
QString keyStatusText(Side side, std::uint32_t tensor, const Resolution &resolution, const Mapping &mapping);

Status ruleStatus(const Rule &rule, const RuleEffect *effect);

/// Order in which a parent row shows what is below it: the smaller, the worse.
int severityRank(Status status);
Status worse(Status a, Status b);
/// Whether a person still has to look at it.
bool isOpenQuestion(Status status);

/// The worst status below each node, by node index.
std::vector<Status> nodeStatuses(const KeyTree &tree, const std::vector<Status> &byTensor);

} // namespace rekey::ui
