// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/modeloffer.h"

#include "ui/document/session.h"
#include "ui/segment/agreement.h"
#include "ui/theme/displaytext.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace rekey::ui {

namespace {

struct Offer
{
    Q_DECLARE_TR_FUNCTIONS(rekey::ui::ModelOffer)
};

QString openKeysText(const Resolution &resolution)
{
    QStringList open;
    const auto count = [&](TargetStatus status, const QString &word) {
        if (const std::size_t keys = resolution.count(status); keys > 0)
            open << QStringLiteral("%1 %2").arg(countText(keys), word);
    };
    count(TargetStatus::Missing, Offer::tr("missing"));
    count(TargetStatus::ToReview, Offer::tr("to review"));
    count(TargetStatus::Mismatched, Offer::tr("mismatched"));
    count(TargetStatus::Conflicting, Offer::tr("conflicting"));
    return Offer::tr("The mapping is incomplete: %1 of %2 target keys. Settle them in Map to run the converted model.")
        .arg(open.join(QStringLiteral(", ")), countText(resolution.targets.size()));
}

} // namespace

DType floatType(const Checkpoint &checkpoint)
{
    const auto &tensors = checkpoint.schema().tensors;
    const auto isFloat = [](const SchemaTensor &tensor) { return info(tensor.dtype).kind == DTypeKind::Float; };
    const auto first = std::find_if(tensors.begin(), tensors.end(), isFloat);
    return first == tensors.end() ? DType::F32 : first->dtype;
}

ModelOffer originalModel(const Session &session)
{
    const CheckpointPtr source = session.checkpoint(Side::Source);
    if (!source)
        return {std::nullopt, Offer::tr("Open a source to run it as the original.")};
    if (!source->hasValues())
        return {std::nullopt, Offer::tr("A schema has names and shapes, but no weights to run.")};
    return {ModelWeights {source, std::nullopt, nullptr}, {}};
}

ModelOffer convertedModel(Session &session)
{
    const CheckpointPtr source = session.checkpoint(Side::Source), target = session.checkpoint(Side::Target);
    if (!source)
        return {};
    if (!target)
        return {std::nullopt, Offer::tr("Open a target, and the rules that fill it make the converted model.")};
    const auto resolution = session.document().resolution();
    if (session.isSuggesting() || !resolution)
        return {std::nullopt, Offer::tr("Rules are being suggested. The converted model runs when every target key is filled.")};
    if (!resolution->complete())
        return {std::nullopt, openKeysText(*resolution)};
    if (!source->hasValues())
        return {std::nullopt, Offer::tr("A schema has names and shapes, but no weights to run.")};
    return {ModelWeights {source, session.document().mapping(), target}, {}, logitTolerance(floatType(*target))};
}

} // namespace rekey::ui
