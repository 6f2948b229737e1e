// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QWidget>

namespace rekey::ui {

class CandidateStrip;
class SectionHead;
class SegmentRun;

/// The candidate masks of both models under a head that says what their figures are.
class CandidatePanel : public QWidget
{
    Q_OBJECT
public:
    explicit CandidatePanel(SegmentRun &run, QWidget *parent = nullptr);

    void follow();
    void followPicture();

protected:
    void changeEvent(QEvent *event) override;

private:
    void applyTheme();

    SegmentRun &m_run;
    SectionHead *m_head;
    CandidateStrip *m_strip;
    QImage m_small; ///< of the picture, for thumbnails
};

} // namespace rekey::ui
