/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.ftpserver.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The figures of all rounds of one row, and how they are printed. */
final class Results {
    private final Row row;
    private final List<Contender> contenders;
    /** By metric, contender and round; null for a contender that the row does not measure. */
    private final double[][][] figures;

    Results(final Row row, final List<Contender> contenders, final int rounds) {
        this.row = row;
        this.contenders = contenders;
        this.figures = new double[row.metrics().size()][contenders.size()][];
        for (int contender = 0; contender < contenders.size(); contender++) {
            if (row.measures(contenders.get(contender).mode())) {
                for (final double[][] ofMetric : figures) {
                    ofMetric[contender] = new double[rounds];
                }
            }
        }
    }

    /** Whether they belong to the table with TLS. */
    boolean isSecure() {
        return row.isSecure();
    }

    void add(final int contender, final int round, final double[] sample) {
        for (int metric = 0; metric < sample.length; metric++) {
            figures[metric][contender][round] = sample[metric];
        }
    }

    /** Prints the medians and, in brackets, the range of the rounds. */
    void printProgress(final PrintStream out) {
        for (int metric = 0; metric < figures.length; metric++) {
            final StringBuilder line =
                    new StringBuilder("      ").append(row.metrics().get(metric).title());
            String separator = ": ";
            for (int contender = 0; contender < contenders.size(); contender++) {
                final double[] rounds = figures[metric][contender];
                if (rounds != null) {
                    line.append(separator)
                            .append(contenders.get(contender).name())
                            .append(' ')
                            .append(Metric.text(row.metrics().get(metric).summary(rounds)))
                            .append(" (")
                            .append(Metric.text(Metric.percentile(rounds, 0)))
                            .append(" to ")
                            .append(Metric.text(Metric.percentile(rounds, 100)))
                            .append(')');
                    separator = "; ";
                }
            }
            out.println(line);
        }
    }

    /** Prints the first lines of the table. */
    static void printHeader(final PrintStream out, final List<Contender> contenders) {
        final StringBuilder names = new StringBuilder("| |");
        final StringBuilder ruler = new StringBuilder("| --- |");
        for (final Contender contender : contenders) {
            names.append(' ').append(contender.name()).append(" |");
            ruler.append(" ---: |");
        }
        for (final Contender contender : contenders) {
            if (contender.reference() != null) {
                names.append(' ').append(contender.comparison()).append(" |");
                ruler.append(" ---: |");
            }
        }
        out.println(names.append(" target |"));
        out.println(ruler.append(" --- |"));
    }

    /** Prints a line of the table for each metric. */
    void printLines(final PrintStream out) {
        for (int index = 0; index < figures.length; index++) {
            final Metric metric = row.metrics().get(index);
            final StringBuilder line =
                    new StringBuilder("| ").append(metric.title()).append(" |");
            for (final double[] rounds : figures[index]) {
                line.append(' ')
                        .append(rounds == null ? "" : Metric.text(metric.summary(rounds)))
                        .append(" |");
            }
            for (int contender = 0; contender < contenders.size(); contender++) {
                if (contenders.get(contender).reference() != null) {
                    line.append(' ').append(gain(index, contender)).append(" |");
                }
            }
            out.println(String.format(Locale.ROOT, "%s %s |", line, target(index)));
        }
    }

    /** The metrics whose target was missed, by whatever single-port contender. */
    List<String> missed() {
        final List<String> missed = new ArrayList<>();
        for (int index = 0; index < figures.length; index++) {
            if (isMissed(index)) {
                missed.add(row.metrics().get(index).title());
            }
        }
        return missed;
    }

    private String gain(final int index, final int contender) {
        final double[] rounds = figures[index][contender];
        final double[] reference = referenceOf(index, contender);
        if (reference == null || rounds == null) {
            return "";
        }
        final Metric metric = row.metrics().get(index);
        return metric.gainText(metric.summary(reference), metric.summary(rounds));
    }

    private double[] referenceOf(final int index, final int contender) {
        return figures[index][contenders.indexOf(contenders.get(contender).reference())];
    }

    private String target(final int index) {
        final String target = row.metrics().get(index).target();
        if (target.isEmpty()) {
            return "";
        }
        return target + (isMissed(index) ? ", **missed**" : ", reached");
    }

    private boolean isMissed(final int index) {
        final Metric metric = row.metrics().get(index);
        final double[][] rounds = figures[index];
        for (int contender = 0; contender < contenders.size(); contender++) {
            if (contenders.get(contender).isSinglePort()
                    && !metric.target().isEmpty()
                    && metric.isMissed(
                            metric.summary(referenceOf(index, contender)), metric.summary(rounds[contender]))) {
                return true;
            }
        }
        return false;
    }
}
