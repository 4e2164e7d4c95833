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
package net.spsv.ftpserver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import javax.xml.parsers.DocumentBuilderFactory;
import net.spsv.ftpserver.process.FtpServerInstallation;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.w3c.dom.Element;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What {@code example-config/kubernetes.yaml} says agrees with itself and with the rest of {@code example-config}. */
@Timeout(30)
class KubernetesExampleTest {
    private static final Path EXAMPLES = Paths.get("example-config");
    private static final String DIRECTORY = "/opt/ftpserver/";

    private static Map<?, ?> claim;
    private static Map<?, ?> deployment;
    private static Map<?, ?> service;

    @BeforeAll
    static void parse() throws IOException {
        final LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        final List<Map<?, ?>> documents = new ArrayList<>();
        try (InputStream in = Files.newInputStream(EXAMPLES.resolve("kubernetes.yaml"))) {
            new Yaml(new SafeConstructor(options)).loadAll(in).forEach(document -> documents.add((Map<?, ?>) document));
        }
        assertThat(documents)
                .extracting(document -> document.get("apiVersion") + " " + document.get("kind"))
                .containsExactly("v1 PersistentVolumeClaim", "apps/v1 Deployment", "v1 Service");
        claim = documents.get(0);
        deployment = documents.get(1);
        service = documents.get(2);
    }

    @Test
    void serviceHasOnePortThatIsTheListeners() throws Exception {
        final Map<?, ?> port = only(at(service, "spec", "ports"));
        final Map<?, ?> containerPort = only(at(container(), "ports"));

        assertThat(port.get("port")).isEqualTo(21);
        assertThat(port.get("targetPort")).isEqualTo(containerPort.get("name"));
        assertThat(containerPort.get("containerPort")).hasToString(listener().getAttribute("port"));
        assertThat(at(container(), "readinessProbe", "tcpSocket", "port")).isEqualTo(containerPort.get("name"));
    }

    @Test
    void connectionsOfAClientGoToOnePod() {
        assertThat(at(service, "spec", "sessionAffinity")).isEqualTo("ClientIP");
        assertThat(at(service, "spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"))
                .as("a day, the most that is allowed")
                .isEqualTo(86_400);
        assertThat(at(service, "spec", "externalTrafficPolicy")).isEqualTo("Local");
        assertThat((Integer) at(deployment, "spec", "replicas")).isGreaterThan(1);
    }

    @Test
    void selectorsMatchTheLabelsOfThePods() {
        final Object labels = at(deployment, "spec", "template", "metadata", "labels");

        assertThat(at(service, "spec", "selector")).isEqualTo(labels);
        assertThat(at(deployment, "spec", "selector", "matchLabels")).isEqualTo(labels);
    }

    @Test
    void podsRunFtpServerAsTheTestsDo() {
        assertThat((List<?>) at(container(), "command"))
                .isEqualTo(Arrays.asList(
                        "java",
                        "-classpath",
                        "common/classes:common/lib/*",
                        "org.apache.ftpserver.main.CommandLine",
                        FtpServerInstallation.CONFIGURATION));
        assertThat(at(container(), "workingDir") + "/").isEqualTo(DIRECTORY);
    }

    @Test
    void podsShareTheHomeDirectoryOfTheAccount() throws IOException {
        final Properties users = new Properties();
        users.load(new StringReader(read("users.properties")));
        final String home = users.getProperty("ftpserver.user.user.homedirectory");

        assertThat(mount("home").get("mountPath")).isEqualTo(home.replaceFirst("^\\./", DIRECTORY));
        assertThat(mount("accounts").get("mountPath")).isEqualTo(DIRECTORY + "res/conf/users.properties");
        assertThat(at(volume("home"), "persistentVolumeClaim", "claimName")).isEqualTo(at(claim, "metadata", "name"));
        assertThat((List<?>) at(claim, "spec", "accessModes")).isEqualTo(Arrays.asList("ReadWriteMany"));
    }

    @Test
    void everyMountHasItsVolume() {
        assertThat(names(at(container(), "volumeMounts")))
                .containsExactlyInAnyOrderElementsOf(names(at(deployment, "spec", "template", "spec", "volumes")));
    }

    @Test
    void fileSaysThatNoClusterHasSeenIt() throws IOException {
        assertThat(read("kubernetes.yaml")).contains("# NOT RUN.");
    }

    private static Map<?, ?> container() {
        return only(at(deployment, "spec", "template", "spec", "containers"));
    }

    private static Map<?, ?> mount(final String name) {
        return named(name, at(container(), "volumeMounts"));
    }

    private static Map<?, ?> volume(final String name) {
        return named(name, at(deployment, "spec", "template", "spec", "volumes"));
    }

    private static Element listener() throws Exception {
        return (Element) DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(EXAMPLES.resolve("ftpd-spsv.xml").toFile())
                .getElementsByTagName("nio-listener")
                .item(0);
    }

    private static String read(final String file) throws IOException {
        return new String(Files.readAllBytes(EXAMPLES.resolve(file)), StandardCharsets.UTF_8);
    }

    /** Returns what is below these keys. */
    private static Object at(final Map<?, ?> from, final String... keys) {
        Object value = from;
        for (final String key : keys) {
            value = ((Map<?, ?>) value).get(key);
            assertThat(value).as(key).isNotNull();
        }
        return value;
    }

    private static Map<?, ?> only(final Object list) {
        assertThat((List<?>) list).hasSize(1);
        return (Map<?, ?>) ((List<?>) list).get(0);
    }

    private static Map<?, ?> named(final String name, final Object list) {
        for (final Object item : (List<?>) list) {
            if (name.equals(((Map<?, ?>) item).get("name"))) {
                return (Map<?, ?>) item;
            }
        }
        throw new AssertionError("no " + name + " in " + list);
    }

    private static List<Object> names(final Object list) {
        final List<Object> names = new ArrayList<>();
        for (final Object item : (List<?>) list) {
            names.add(((Map<?, ?>) item).get("name"));
        }
        return names;
    }
}
