// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/window/choicewidget.h"

#include <QImage>
#include <QList>

#include <optional>

namespace rekey::ui {

/// What a model says of its own mask.
struct CandidateScores
{
    double predictedIou = 0;
    double stability = 0; ///< IoU of the mask at a higher and at a lower threshold
};

/// What a candidate card shows.
struct CandidateView
{
    QImage thumbnail; ///< the picture with the mask
    std::optional<CandidateScores> original, converted;
    bool isEmpty = false; ///< no pixel above 0
};

/// The candidate masks side by side, one of them chosen. Keys 1…9 are the page's.
class CandidateStrip : public ChoiceWidget
{
    Q_OBJECT
public:
    explicit CandidateStrip(QWidget *parent = nullptr);

    void setCandidates(const QList<CandidateView> &candidates, int chosen);
    void setChosen(int index);
    /// Of a card's thumbnail, in device-independent pixels.
    static QSize thumbnailSize();
    QRect choiceRect(int index) const override;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void chosen(int index);

protected:
    void paintEvent(QPaintEvent *event) override;
    int choiceCount() const override { return static_cast<int>(m_candidates.size()); }
    int currentChoice() const override { return m_chosen; }
    void pick(int index) override { Q_EMIT chosen(index); }

private:
    void paintCard(QPainter &painter, int index) const;
    void describe();

    QList<CandidateView> m_candidates;
    int m_chosen = -1;
};

} // namespace rekey::ui
