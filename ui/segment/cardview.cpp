// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/cardview.h"

#include "ui/segment/canvascard.h"
#include "ui/theme/displaytext.h"
#include "ui/window/banner.h"
#include "ui/window/panelheader.h"

#include <QCoreApplication>
#include <QLocale>

namespace rekey::ui {

namespace {

struct CardWords
{
    Q_DECLARE_TR_FUNCTIONS(rekey::ui::CardView)
};

QString rulesText(const QString &name, std::size_t rules)
{
    return rules == 1 ? CardWords::tr("%1, from 1 rule").arg(name) : CardWords::tr("%1, from %2 rules").arg(name, countText(rules));
}

const MaskCandidate *chosenMask(const SegmentRun &run, const ModelRun &model)
{
    return model.hasResult() && run.chosen() < model.result->masks.size() ? &model.result->masks[run.chosen()] : nullptr;
}

void setMessage(CardView &view, const SegmentRun &run, Which which, bool mayGoToMap)
{
    const ModelRun &model = run.model(which);
    const bool original = which == Which::Original;
    const auto say = [&view](Status status, const QString &iconName, const QString &text, CardAction action, const QString &actionText) {
        view.messageStatus = status;
        view.messageIcon = iconName;
        view.message = text;
        view.action = action;
        view.actionText = actionText;
    };
    const QString info = QStringLiteral("info"), error = QStringLiteral("error");
    if (!run.pictureError().isEmpty()) {
        // Once is enough: the picture is the same in both.
        if (original)
            say(Status::Missing, error, run.pictureError(), CardAction::OpenImage, CardWords::tr("Open image…"));
    } else if (model.stage == ModelRun::Stage::Failed) {
        say(Status::Missing, error, model.message, CardAction::Run, CardWords::tr("Try again"));
    } else if (model.stage == ModelRun::Stage::Blocked) {
        const bool map = !original && mayGoToMap;
        say(Status::ToReview, QStringLiteral("warning"), model.message, map ? CardAction::GoToMap : CardAction::None,
            map ? CardWords::tr("Go to Map") : QString());
    } else if (model.stage == ModelRun::Stage::Waiting && run.canRun() && !run.isRunning() && !run.runsByItself()) {
        say(Status::None, info,
            run.isCancelled()   ? CardWords::tr("Cancelled. The picture is not encoded.")
            : model.hasResult() ? CardWords::tr("The weights, rules or prompts changed since this mask.")
                                : CardWords::tr("This picture is not encoded yet."),
            CardAction::Run, CardWords::tr("Run both"));
    } else if (const MaskCandidate *mask = chosenMask(run, model); mask != nullptr && mask->area == 0) {
        say(Status::None, info, CardWords::tr("No pixel above 0. Add a point or a box."), CardAction::None, {});
    }
}

} // namespace

CardView cardView(const SegmentRun &run, Which which, CanvasMode mode, const QString &name, std::size_t rules, bool mayGoToMap,
                  const Theme &theme)
{
    const bool original = which == Which::Original, single = mode != CanvasMode::SideBySide;
    const ModelRun &model = run.model(which);
    const bool runs = model.stage != ModelRun::Stage::Blocked && model.stage != ModelRun::Stage::None;
    CardView view;
    view.ink = single ? QColor() : original ? theme.src : theme.tgt;
    view.title = single ? CardWords::tr("Original and converted") : original ? CardWords::tr("Original") : CardWords::tr("Converted");
    view.detail = single && mode == CanvasMode::Swipe ? CardWords::tr("drag the line")
                  : single                            ? CardWords::tr("blue: original only · orange: converted only")
                  : !original && runs                 ? rulesText(name, rules)
                                                      : name;
    view.outOfDate = model.outOfDate;
    if (const MaskCandidate *mask = chosenMask(run, model); mask != nullptr && !single && !model.outOfDate)
        view.trailing = CardWords::tr("IoU %1 · %2")
                            .arg(QLocale().toString(static_cast<double>(mask->predictedIou), 'f', 3),
                                 durationText(model.encoding + model.predicting));
    else if (model.stage == ModelRun::Stage::Running && !model.hasResult())
        view.trailing = CardWords::tr("Running…");
    setMessage(view, run, which, mayGoToMap);
    return view;
}

void showCard(const CardView &view, CanvasCard &card)
{
    PanelHeader &header = card.header();
    header.setInk(view.ink);
    header.setTitle(view.title);
    header.setDetail(view.detail);
    header.setTrailingText(view.trailing);
    if (view.outOfDate)
        header.setChip(QStringLiteral("warning"), CardWords::tr("Out of date"), Status::ToReview);
    else
        header.clearChip();
    if (view.message.isEmpty())
        card.banner().hide();
    else
        card.banner().showMessage(view.messageStatus, view.messageIcon, view.message, view.actionText);
}

} // namespace rekey::ui
