// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QList>
#include <QWidget>

#include <optional>

namespace rekey::ui {

/// What a candidate card shows.
struct CandidateView
{
    QImage thumbnail;                        ///< the picture with the mask
    std::optional<double> original, converted; ///< predicted IoU
    bool isEmpty = false;                    ///< no pixel above 0
};

/// The candidate masks side by side, one of them chosen. Keys 1…9 are the page's.
class CandidateStrip : public QWidget
{
    Q_OBJECT
public:
    explicit CandidateStrip(QWidget *parent = nullptr);

    void setCandidates(const QList<CandidateView> &candidates, int chosen);
    void setChosen(int index);
    /// Of a card's thumbnail, in device-independent pixels.
    static QSize thumbnailSize();

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void chosen(int index);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    QRect cardRect(int index) const;
    int cardAt(const QPoint &position) const;
    void paintCard(QPainter &painter, int index) const;
    void describe();

    QList<CandidateView> m_candidates;
    int m_chosen = -1, m_hovered = -1;
};

} // namespace rekey::ui
