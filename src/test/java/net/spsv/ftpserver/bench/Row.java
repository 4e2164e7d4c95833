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

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** One thing that is measured: it yields one figure per metric for one contender and one round. */
abstract class Row {
    private final String id;
    private final boolean secure;
    private final List<Metric> metrics;

    /** A row of the table without TLS. */
    Row(final String id, final Metric... metrics) {
        this(id, false, metrics);
    }

    Row(final String id, final boolean secure, final Metric... metrics) {
        this.id = id;
        this.secure = secure;
        this.metrics = Collections.unmodifiableList(Arrays.asList(metrics));
    }

    /** The name by which the command line picks it. */
    String id() {
        return id;
    }

    /** Whether it belongs to the table with TLS. */
    boolean isSecure() {
        return secure;
    }

    List<Metric> metrics() {
        return metrics;
    }

    /** Whether it makes sense for this way of opening a data connection. */
    boolean measures(final DataMode mode) {
        return mode != DataMode.SINGLE_PORT_PIPELINED;
    }

    /** Writes the files it fetches; every server's home then gets them. */
    abstract void createFiles(Path directory) throws IOException;

    /**
     * Measures once. Bytes are checked; what that costs stays outside the figures.
     *
     * @param warmUp whether the figures are thrown away, so that there is time for a closer look at the bytes
     */
    abstract double[] sample(Contender contender, boolean warmUp) throws Exception;
}
