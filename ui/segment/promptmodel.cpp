// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/promptmodel.h"

#include <QLocale>
#include <QUndoCommand>

#include <algorithm>
#include <utility>

namespace rekey::ui {

/// Swaps the whole list: there are a handful of prompts.
class ChangePrompts : public QUndoCommand
{
public:
    ChangePrompts(PromptModel &model, QList<Prompt> next, const QString &text)
        : QUndoCommand(text)
        , m_model(model)
        , m_other(std::move(next))
    {
    }
    void undo() override { swap(); }
    void redo() override { swap(); }

private:
    void swap()
    {
        QList<Prompt> current = m_model.m_prompts;
        m_model.set(m_other);
        m_other = std::move(current);
    }
    PromptModel &m_model;
    QList<Prompt> m_other;
};

namespace {

Prompts given(const QList<Prompt> &prompts)
{
    Prompts result;
    for (const Prompt &prompt : prompts) {
        if (!prompt.isShown)
            continue;
        if (prompt.kind == Prompt::Kind::Mask) {
            result.maskLogits = *prompt.logits;
        } else if (prompt.kind == Prompt::Kind::Box) {
            const QRectF box = prompt.box();
            result.box = PromptBox {box.left(), box.top(), box.right(), box.bottom()};
        } else {
            result.points.push_back({prompt.position.x(), prompt.position.y(), prompt.kind == Prompt::Kind::Point});
        }
    }
    return result;
}

bool isBox(const Prompt &prompt)
{
    return prompt.kind == Prompt::Kind::Box;
}

bool isMask(const Prompt &prompt)
{
    return prompt.kind == Prompt::Kind::Mask;
}

QString nameOf(Prompt::Kind kind)
{
    switch (kind) {
    case Prompt::Kind::Point: return PromptModel::tr("Point");
    case Prompt::Kind::Background: return PromptModel::tr("Background point");
    case Prompt::Kind::Box: return PromptModel::tr("Box");
    case Prompt::Kind::Mask: return PromptModel::tr("Earlier mask");
    }
    return {};
}

QString detailOf(const Prompt &prompt)
{
    const auto number = [](double value) { return QString::number(value, 'f', 0); };
    if (isMask(prompt))
        return PromptModel::tr("candidate %1, %2 logits")
            .arg(prompt.candidate)
            .arg(QLocale().toString(static_cast<qulonglong>(prompt.logits->size())));
    if (!isBox(prompt))
        return QStringLiteral("%1, %2").arg(number(prompt.position.x()), number(prompt.position.y()));
    const QRectF box = prompt.box();
    return PromptModel::tr("%1, %2 to %3, %4 · %5×%6 px")
        .arg(number(box.left()), number(box.top()), number(box.right()), number(box.bottom()), number(box.width()), number(box.height()));
}

} // namespace

Prompt Prompt::point(QPointF at, bool foreground)
{
    return {foreground ? Kind::Point : Kind::Background, at, at, true, {}, 0};
}

Prompt Prompt::boxed(const QRectF &box)
{
    return {Kind::Box, box.topLeft(), box.bottomRight(), true, {}, 0};
}

Prompt Prompt::mask(std::shared_ptr<const std::vector<float>> logits, int candidate)
{
    return {Kind::Mask, {}, {}, true, std::move(logits), candidate};
}

PromptModel::PromptModel(QObject *parent)
    : QAbstractListModel(parent)
{
}

Prompts PromptModel::forModels() const
{
    return given(m_prompts);
}

Prompts PromptModel::forModels(const Prompt &another) const
{
    return given(m_prompts + QList<Prompt> {another});
}

void PromptModel::add(const Prompt &prompt)
{
    QList<Prompt> next = m_prompts;
    if (isBox(prompt)) {
        // The box leads the list, as it leads a reader's eye.
        next.removeIf(isBox);
        next.prepend(prompt);
    } else {
        if (isMask(prompt))
            next.removeIf(isMask);
        next.append(prompt);
    }
    change(next, tr("Add %1").arg(nameOf(prompt.kind).toLower()));
}

void PromptModel::remove(int row)
{
    if (row < 0 || row >= m_prompts.size())
        return;
    QList<Prompt> next = m_prompts;
    next.removeAt(row);
    change(next, tr("Remove prompt"));
}

void PromptModel::setShown(int row, bool shown)
{
    if (row < 0 || row >= m_prompts.size())
        return;
    QList<Prompt> next = m_prompts;
    next[row].isShown = shown;
    change(next, shown ? tr("Use prompt") : tr("Leave prompt out"));
}

void PromptModel::clear()
{
    change({}, tr("Clear prompts"));
}

void PromptModel::reset(const QList<Prompt> &prompts)
{
    m_undo.clear();
    set(prompts);
}

void PromptModel::change(const QList<Prompt> &next, const QString &text)
{
    if (next != m_prompts)
        m_undo.push(new ChangePrompts(*this, next, text));
}

void PromptModel::set(const QList<Prompt> &prompts)
{
    beginResetModel();
    m_prompts = prompts;
    endResetModel();
    Q_EMIT promptsChanged();
}

int PromptModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_prompts.size());
}

QVariant PromptModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Prompt &prompt = m_prompts[index.row()];
    switch (role) {
    case Qt::DisplayRole: return nameOf(prompt.kind);
    case DetailRole: return detailOf(prompt);
    case KindRole: return static_cast<int>(prompt.kind);
    case ShownRole: return prompt.isShown;
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1, %2%3").arg(nameOf(prompt.kind), detailOf(prompt), prompt.isShown ? QString() : tr(", left out"));
    default: return {};
    }
}

Qt::ItemFlags PromptModel::flags(const QModelIndex &index) const
{
    return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren : Qt::NoItemFlags;
}

} // namespace rekey::ui
