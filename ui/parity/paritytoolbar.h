// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/parityrun.h"

#include <QWidget>

class QLabel;

namespace rekey::ui {

class PageButton;
class SegmentedSwitch;

/// The Parity room's part of the tool bar: what the model is held against, how much may differ, and the actions.
class ParityToolBar : public QWidget
{
    Q_OBJECT
public:
    explicit ParityToolBar(QWidget *parent = nullptr);

    void setReference(const ParityReference &reference, const QString &picture);
    void setTolerance(double tolerance, bool applies);
    void setState(bool mayRun, bool running, bool hasResult);
    QSize minimumSizeHint() const override { return {440, 28}; }

Q_SIGNALS:
    void kindChosen(rekey::ui::ParityReference::Kind kind); ///< Recorded and Checkpoint: a file is to be asked for
    void pictureAsked();
    void toleranceChosen(double tolerance);
    void ownToleranceAsked();
    void captureAsked();
    void reportAsked();
    void runAsked();
    void cancelAsked();

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void showMenu();
    void fit(); ///< folds texts until everything fits
    ParityReference::Kind m_kind = ParityReference::Kind::Original;
    PageButton *m_reference, *m_capture, *m_report, *m_run;
    QLabel *m_toleranceTitle;
    SegmentedSwitch *m_tolerance;
    QString m_referenceText;
    double m_shownTolerance = 0;
    bool m_running = false, m_quiet = false;
};

} // namespace rekey::ui
