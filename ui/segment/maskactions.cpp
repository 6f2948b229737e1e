// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/maskactions.h"

#include "ui/document/session.h"
#include "ui/segment/everythingrun.h"
#include "ui/segment/maskfiles.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>

#include <algorithm>
#include <utility>

namespace rekey::ui {

namespace {

/// The converted model's, which is what a person is here for; else the original's.
std::shared_ptr<const SegmentResult> resultOf(const SegmentRun &run)
{
    const ModelRun &converted = run.model(Which::Converted);
    const ModelRun &model = converted.hasResult() ? converted : run.model(Which::Original);
    return model.hasResult() && run.chosen() < model.result->masks.size() ? model.result : nullptr;
}

std::shared_ptr<const EverythingResult> everythingOf(const EverythingRun &run)
{
    for (const Which which : {Which::Converted, Which::Original})
        if (const EverythingAnswer *answer = run.answer(which); answer != nullptr && answer->result && !answer->result->masks.empty())
            return answer->result;
    return nullptr;
}

} // namespace

MaskActions::MaskActions(Session &session, SegmentRun &run, EverythingRun &everything, QWidget *window)
    : QObject(window)
    , m_session(session)
    , m_run(run)
    , m_everything(everything)
    , m_window(window)
{
    add(tr("Save mask…"), QStringLiteral("export"), {}, &MaskActions::save);
    add(tr("Copy mask as picture"), QStringLiteral("copy"), QKeySequence::Copy, &MaskActions::copyPicture);
    add(tr("Copy mask as COCO JSON"), QStringLiteral("copy"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), &MaskActions::copyCoco);
    add(tr("Save all masks of everything…"), QStringLiteral("export"), {}, &MaskActions::saveEverything);
}

void MaskActions::add(const QString &text, const QString &iconName, const QKeySequence &key, void (MaskActions::*slot)())
{
    auto *action = new QAction(icon(iconName), text, this);
    action->setShortcut(key);
    action->setEnabled(false);
    connect(action, &QAction::triggered, this, slot);
    m_window->addAction(action);
    m_actions << action;
}

void MaskActions::follow()
{
    const bool one = m_window->isVisible() && resultOf(m_run) != nullptr;
    for (QAction *action : std::as_const(m_actions))
        action->setEnabled(one);
    m_actions.last()->setEnabled(m_window->isVisible() && everythingOf(m_everything) != nullptr);
}

QString MaskActions::stem() const
{
    return QString::fromStdString(m_run.picturePath().stem().string());
}

CocoImage MaskActions::image() const
{
    return {m_run.picturePath().filename().string(), m_run.picture().width(), m_run.picture().height()};
}

void MaskActions::save()
{
    const auto result = resultOf(m_run);
    if (!result)
        return;
    const MaskDestination destination = askMaskDestination(m_window, m_session.settings(), stem() + QStringLiteral("-mask"), false);
    if (!destination.file.isEmpty())
        saveTo(destination, {exported(result->masks[m_run.chosen()], *result, m_run.prompts())});
}

void MaskActions::saveEverything()
{
    const auto result = everythingOf(m_everything);
    if (!result)
        return;
    const MaskDestination destination = askMaskDestination(m_window, m_session.settings(), stem() + QStringLiteral("-masks"), true);
    if (!destination.file.isEmpty())
        saveTo(destination, exported(*result));
}

void MaskActions::saveTo(const MaskDestination &destination, std::vector<ExportedMask> masks)
{
    Job *job = m_session.jobs().start(
        this, QStringLiteral("mask"), tr("Saving masks"),
        [destination, image = image(), masks = std::move(masks)](const Progress &) {
            saveMasks(destination, image, masks);
            return true;
        },
        [this, file = destination.file](bool) { Q_EMIT saved(file); });
    connect(job, &Job::failed, this, &MaskActions::failed);
}

void MaskActions::copyPicture()
{
    const auto result = resultOf(m_run);
    if (!result)
        return;
    m_session.jobs().start(
        this, QStringLiteral("copy"), tr("Copying the mask"),
        [result, index = m_run.chosen()](const Progress &) {
            // White where the mask is, as other tools expect it.
            std::vector<std::uint8_t> pixels = result->masks[index].pixels;
            std::transform(pixels.begin(), pixels.end(), pixels.begin(), [](std::uint8_t inside) { return inside != 0 ? 255 : 0; });
            return QImage(pixels.data(), result->width, result->height, result->width, QImage::Format_Grayscale8).copy();
        },
        [this](const QImage &picture) {
            QGuiApplication::clipboard()->setImage(picture);
            Q_EMIT done(tr("Mask %1 is on the clipboard, %2×%3.").arg(m_run.chosen() + 1).arg(picture.width()).arg(picture.height()));
        });
}

void MaskActions::copyCoco()
{
    const auto result = resultOf(m_run);
    if (!result)
        return;
    m_session.jobs().start(
        this, QStringLiteral("copy"), tr("Copying the mask"),
        [result, index = m_run.chosen(), prompts = m_run.prompts(), image = image()](const Progress &) {
            return cocoJson(image, {exported(result->masks[index], *result, prompts)}, CocoForm::CompressedRle);
        },
        [this](const std::string &text) {
            QGuiApplication::clipboard()->setText(QString::fromStdString(text));
            Q_EMIT done(tr("Mask %1 is on the clipboard as COCO JSON, %2.").arg(m_run.chosen() + 1).arg(bytesText(text.size())));
        });
}

} // namespace rekey::ui
