// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

#include <QAbstractListModel>
#include <QList>
#include <QPointF>
#include <QRectF>
#include <QUndoStack>

#include <memory>
#include <vector>

namespace rekey::ui {

/// What a person put on the picture. Positions are pixel indices of the picture: (0, 0) is its first pixel.
struct Prompt
{
    enum class Kind : quint8 { Point, Background, Box, Mask };
    Kind kind = Kind::Point;
    QPointF position; ///< of a point; of a box: its first corner
    QPointF corner; ///< of a box: the opposite one
    bool isShown = true; ///< a hidden one stays in the list and is not given to the models
    std::shared_ptr<const std::vector<float>> logits; ///< of a mask: an earlier result's low-resolution logits
    int candidate = 0; ///< of a mask: which candidate it was, from 1
    bool operator==(const Prompt &) const = default;

    QRectF box() const { return QRectF(position, corner).normalized(); }
    static Prompt point(QPointF at, bool foreground = true);
    static Prompt boxed(const QRectF &box);
    static Prompt mask(std::shared_ptr<const std::vector<float>> logits, int candidate);
};

/// The prompts of the picture, and their undo stack: every change by a person is one step. At most one box and one mask,
/// since that is what the models take.
class PromptModel : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role { KindRole = Qt::UserRole, ShownRole, DetailRole };

    explicit PromptModel(QObject *parent = nullptr);

    QUndoStack &undoStack() { return m_undo; }
    const QList<Prompt> &prompts() const { return m_prompts; }
    /// For the models: shown ones only, three candidate masks asked for.
    Prompts forModels() const;
    /// With one more, for a preview.
    Prompts forModels(const Prompt &another) const;

    void add(const Prompt &prompt); ///< a box replaces the box that is there, a mask the mask
    void remove(int row);
    void setShown(int row, bool shown);
    void clear();
    /// Another picture's: forgets the undo steps.
    void reset(const QList<Prompt> &prompts);

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

Q_SIGNALS:
    void promptsChanged();

private:
    friend class ChangePrompts;
    void change(const QList<Prompt> &next, const QString &text);
    void set(const QList<Prompt> &prompts);

    QList<Prompt> m_prompts;
    QUndoStack m_undo;
};

} // namespace rekey::ui
